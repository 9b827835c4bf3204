import { existsSync } from "node:fs";
import { join } from "node:path";
import { askGit, requireRef } from "../git-at.ts";
import { parseJson, readJson } from "../read-json.ts";
import { Refusal } from "../terminal.ts";
import type { Contract } from "./compare-contracts.ts";
import { isObject } from "./schema.ts";

export const LOCK = "contract.lock.json";

const NEXT = "`offshoot contract --write` writes it again.";

/** The lock in a folder. @throws Refusal when there is none, or it is none that this command writes */
export function readLock(folder: string): Contract {
  const file = join(folder, LOCK);
  if (!existsSync(file)) throw new Refusal(`There is no ${LOCK} here.`, "`offshoot contract --write`, and commit it.");
  return requireLock(readJson(file, NEXT), LOCK);
}

/** The lock of a folder as it was at a commit; `undefined` when it was not there. @throws Refusal for an unknown ref */
export function readLockAt(folder: string, ref: string): Contract | undefined {
  requireRef(folder, ref);
  let bytes: Buffer;
  try {
    bytes = askGit(folder, "show", `${ref}:./${LOCK}`);
  } catch {
    return undefined;
  }
  const name = `${LOCK} at ${ref}`;
  return requireLock(parseJson(bytes, name, "name another tag, branch or commit."), name);
}

function requireLock(lock: Contract, name: string): Contract {
  const wrong = wrongMember(lock);
  if (wrong === undefined) return lock;
  throw new Refusal(`${name} is not a contract lock: ${wrong} is of another kind.`, NEXT);
}

const isSchema = (value: unknown): boolean => typeof value === "boolean" || isObject(value);
const isListOfNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every((name) => typeof name === "string");
const isObjectOfObjects = (value: unknown): boolean => isObject(value) && Object.values(value).every(isObject);

/** What a tool, a resource or a prompt may have in a lock, as far as a comparison reads it. */
const MEMBERS: Record<string, (value: unknown) => boolean> = {
  inputSchema: isSchema,
  outputSchema: isSchema,
  annotations: isObject,
  _meta: isObject,
  arguments: isObjectOfObjects,
  completes: isListOfNames,
};

/** The path of the first member that no lock has in this form. */
function wrongMember(lock: Contract): string | undefined {
  for (const kind of ["capabilities", "tools", "resources", "prompts"]) {
    const list = lock[kind];
    if (list === undefined) continue;
    if (!isObject(list)) return kind;
    for (const [name, item] of kind === "capabilities" ? [] : Object.entries(list)) {
      const path = `${kind}.${name}`;
      if (!isObject(item)) return path;
      if (kind === "tools" && item.inputSchema === undefined) return `${path}.inputSchema`;
      for (const [key, fits] of Object.entries(MEMBERS))
        if (item[key] !== undefined && !fits(item[key])) return `${path}.${key}`;
    }
  }
  return undefined;
}
