import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServerDefinition } from "../contract/server.ts";
import { byKey, type Contract, diffContracts, type Json, normalise, readContract } from "../surface/contract.ts";

/** Writes the lock: the contract as JSON, ready to be committed. */
export function writeLock(server: ServerDefinition, file: URL | string): void {
  writeFileSync(file, `${JSON.stringify(readContract(server), null, 2)}\n`);
}

/**
 * Compares a server with its committed lock.
 *
 * @throws Error naming each change by its path and how to accept it; also when the lock is missing or unreadable
 */
export function checkLock(server: ServerDefinition, file: URL | string): void {
  const name = basename(file instanceof URL ? fileURLToPath(file) : file);
  const accept = `run \`npx vitest run -u\`, and commit ${name}`;
  if (!existsSync(file))
    throw new Error(
      `There is no ${name} yet, which records what clients of "${server.name}" rely on. To write it, ${accept}.`,
    );
  let locked: unknown;
  try {
    locked = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new Error(`${name} is not JSON (left over from a merge?). To write it again, ${accept}.`, { cause });
  }
  const changes = diffContracts(locked, readContract(server));
  if (changes.length === 0) return;
  throw new Error(
    `What clients of "${server.name}" rely on is not what ${name} says:\n  ${changes.join("\n  ")}\nIf this is meant, ${accept}: the change then shows in review.`,
  );
}

/**
 * Compares the tools that a client was shown with the lock, as text: what a wire or an SDK leaves out is a difference, too.
 *
 * @throws Error naming the tools
 */
export function checkListed(tools: readonly Json[], file: URL | string): void {
  const { tools: locked } = JSON.parse(readFileSync(file, "utf8")) as Contract;
  const listed = normalise(byKey(tools, ({ name, ...tool }) => [name as string, tool])) as Json;
  const names = [...new Set([...Object.keys(locked), ...Object.keys(listed)])];
  const others = names.filter((name) => JSON.stringify(listed[name]) !== JSON.stringify(locked[name]));
  if (others.length > 0) throw new Error(`A client sees other tools than the lock has: ${others.join(", ")}.`);
}
