import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServerDefinition } from "../contract/server.ts";
import { policiesOf } from "../policy/open.ts";
import { type DecisionTable, decisionTables } from "../policy/table.ts";
import { diffContracts, normalise } from "../surface/contract.ts";

const pathOf = (file: URL | string): string => (file instanceof URL ? fileURLToPath(file) : file);

/** Writes who may do what under each policy: the decision tables as JSON, ready to be committed. */
export function writePolicyLock(server: ServerDefinition, file: URL | string): void {
  const locked = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, DecisionTable>) : {};
  writeFileSync(file, `${JSON.stringify(tablesLike(locked, server, pathOf(file)), null, 2)}\n`);
}

/**
 * Compares who may do what with the committed lock: a tool that was added, an annotation or a scope that changed shows by
 * policy and kind of caller.
 *
 * @throws Error naming each change by its path and how to accept it; also when the lock is missing or unreadable
 */
export function checkPolicyLock(server: ServerDefinition, file: URL | string): void {
  const name = basename(pathOf(file));
  const accept = `run \`npx vitest run -u\`, and commit ${name}`;
  let locked: Record<string, DecisionTable>;
  try {
    locked = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new Error(`There is no ${name} that can be read, which says who may do what. To write it, ${accept}.`, {
      cause,
    });
  }
  const changes = diffContracts(locked, tablesLike(locked, server, pathOf(file)));
  if (changes.length === 0) return;
  throw new Error(
    `Who may do what on "${server.name}" is not what ${name} says:\n  ${changes.join("\n  ")}\nIf this is meant, ${accept}: the change then shows in review.`,
  );
}

/** The tables of the server's policies, and of the policy file that the lock has too: by its path from the lock. */
function tablesLike(locked: object, server: ServerDefinition, lock: string): unknown {
  const named = policiesOf(server);
  const file = Object.keys(locked).find((key) => key.endsWith(".json") && !Object.hasOwn(named, key));
  const path = file && join(dirname(lock), file);
  const tables = decisionTables(server, path);
  return normalise(
    Object.fromEntries(Object.entries(tables).map(([name, table]) => [name === path ? file : name, table])),
  );
}
