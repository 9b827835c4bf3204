import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServerDefinition } from "../contract/server.ts";
import { diffContracts, readContract } from "../surface/contract.ts";

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
  const accept = `run this test once with the environment variable UPDATE_CONTRACT=1, and commit ${name}`;
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
