import { existsSync } from "node:fs";
import { join } from "node:path";
import { isObject } from "../contract/schema.ts";
import { readJson } from "../read-json.ts";
import { Refusal } from "../terminal.ts";

export const POLICY_LOCK = "policy.lock.json";

/** What each kind of caller may do, by its name: `deny`, `allow`, `allow with notes:write`. */
export type Cells = Record<string, string>;

/** One policy's decisions, as the server prints them. */
export type Decisions = Record<"tools" | "resources" | "prompts", Record<string, Cells>>;

/** By policy: one of the server's by its name, or a file by its path from the project's folder. */
export type DecisionTables = Record<string, Decisions>;

/** The lock in a folder; `undefined` when there is none. @throws Refusal when it is none that this command writes */
export function readPolicyLock(folder: string): DecisionTables | undefined {
  const file = join(folder, POLICY_LOCK);
  if (!existsSync(file)) return undefined;
  const next = "`offshoot policy --write` writes it again.";
  const lock = readJson(file, next);
  const isText = (cell: unknown): boolean => typeof cell === "string";
  const isTable = isObjectOf(isObjectOf(isObjectOf(isText)));
  const wrong = Object.entries(lock).find(([, table]) => !isTable(table));
  if (wrong) throw new Refusal(`${POLICY_LOCK} is not a policy lock: ${wrong[0]} is of another kind.`, next);
  return lock as DecisionTables;
}

const isObjectOf =
  (fits: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    isObject(value) && Object.values(value).every(fits);

/** The policy file that a lock has beside the server's policies. */
export const fileOf = (tables: DecisionTables): string | undefined =>
  Object.keys(tables).find((name) => name.endsWith(".json"));

/** Each difference: `standard, create_note, anonymous: deny → allow`. */
export function changesOf(before: DecisionTables, after: DecisionTables): string[] {
  const [old, now] = [cellsOf(before), cellsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((key) => old.get(key) !== now.get(key))
    .map((key) => `${key}: ${old.get(key) ?? "not there"} → ${now.get(key) ?? "not there"}`);
}

/** Every cell by the policy, the name and the kind of caller. */
function cellsOf(tables: DecisionTables): Map<string, string> {
  const found = new Map<string, string>();
  for (const [policy, table] of Object.entries(tables))
    for (const rows of Object.values(table))
      for (const [name, cells] of Object.entries(rows))
        for (const [caller, cell] of Object.entries(cells)) found.set(`${policy}, ${name}, ${caller}`, cell);
  return found;
}
