import type { Item } from "../call/access.ts";
import type { Caller } from "../contract/context.ts";
import type { Policy } from "../contract/policy.ts";
import type { ServerDefinition } from "../contract/server.ts";
import { leastCallers } from "./check-rules.ts";
import { compilePolicy, itemsOf } from "./compile.ts";
import { policiesOf, readPolicy } from "./open.ts";

/** What one policy says: for each tool, resource and prompt, what becomes of each kind of caller. */
export interface DecisionTable {
  tools: Record<string, Cells>;
  /** By URI or URI template. */
  resources: Record<string, Cells>;
  prompts: Record<string, Cells>;
}

/**
 * By kind of caller: `local`, `anonymous`, `authenticated`, and each that a rule is about. `deny`, or `allow` with what
 * goes with it: `allow with notes:write, 5 per second, confirmed`.
 */
type Cells = Record<string, string>;

/** The tables of all policies that a server has by name, and of a policy file. */
export function decisionTables(definition: ServerDefinition, file?: string): Record<string, DecisionTable> {
  const tables = Object.entries(policiesOf(definition)).map(([name, policy]) => [name, tableOf(policy, definition)]);
  if (file !== undefined) tables.push([file, tableOf(readPolicy({ policy: file }, definition).policy, definition)]);
  return Object.fromEntries(tables);
}

/** The decision table of one policy, sorted by name: the same for the same policy and server. */
function tableOf(policy: Policy, definition: ServerDefinition): DecisionTable {
  const { decide, ruleOf } = compilePolicy(policy, definition, { label: "", record: () => {} });
  const callers = kindsOf(policy);
  const cell = (caller: Caller, item: Item): string => {
    const { allow, scopes, confirm } = decide(caller, item);
    if (!allow) return "deny";
    const { callsPerSecond, atOnce, audit = "none" } = ruleOf(caller, item) ?? {};
    // Who holds no scopes is asked for none: nothing authenticates there.
    const needed = caller.scopes === undefined ? [] : [...new Set([...(item.scopes ?? []), ...scopes])];
    const conditions = [
      needed.length > 0 && `with ${needed.join(" ")}`,
      callsPerSecond !== undefined && `${callsPerSecond} per second`,
      atOnce !== undefined && `${atOnce} at once`,
      audit !== "none" && `${audit} in the audit`,
      confirm !== undefined && "confirmed",
    ].filter((text) => text !== false);
    return ["allow", conditions.join(", ")].join(" ").trim();
  };
  const rows = (kind: Item["kind"]): Record<string, Cells> =>
    Object.fromEntries(
      itemsOf(definition)
        .filter((item) => item.kind === kind)
        .map((item) => [item.kind === "resource" ? item.uri : item.name, item] as const)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, item]) => [
          name,
          Object.fromEntries([...callers].map(([called, caller]) => [called, cell(caller, item)])),
        ]),
    );
  return { tools: rows("tool"), resources: rows("resource"), prompts: rows("prompt") };
}

/** One caller of each kind that a policy tells apart, under a name for people. */
function kindsOf({ rules }: Policy): Map<string, Caller> {
  const kinds = new Map<string, Caller>([
    ["local", { id: "local" }],
    ["anonymous", { id: "anonymous" }],
    ["authenticated", { id: "", scopes: [] }],
  ]);
  for (const { who } of rules) {
    if (typeof who === "string") continue;
    for (const caller of leastCallers(who)) kinds.set(kindName(caller), caller);
  }
  return kinds;
}

const kindName = ({ id, scopes = [] }: Caller): string =>
  [id !== "" && `caller ${id}`, scopes.length > 0 && `holding ${scopes.join(" ")}`]
    .filter((text) => text !== false)
    .join(" ") || "authenticated";
