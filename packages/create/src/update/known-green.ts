import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { own } from "../own.ts";
import { parseJsonObject } from "../parse-json.ts";
import { stateOfProject } from "../state-folder.ts";
import { writeFileAtomically } from "../write-file.ts";
import type { Files } from "./files.ts";

/** What an install writes: lockfiles, and what package managers note in node_modules of what lies there. */
const INSTALLED = [
  "package-lock.json",
  "pnpm-lock.yaml",
  "yarn.lock",
  "bun.lock",
  "bun.lockb",
  "node_modules/.package-lock.json",
  "node_modules/.modules.yaml",
  "node_modules/.yarn-state.yml",
];

/** States of one project that are remembered: an update that is taken back leads to an earlier one. */
const MOST_STATES = 10;

/**
 * A digest of what a project's gates depend on: its files, what is installed here and in the workspace around, Node, and
 * the gates. What `.gitignore` leaves out is not in it.
 */
export function stateOf(folder: string, files: Files, gates: readonly string[]): string {
  const hash = createHash("sha256");
  const add = (...parts: (string | Buffer)[]): void => {
    for (const part of parts) hash.update(`${part.length}:`).update(part);
  };
  add(process.version, process.platform, process.arch, ...gates);
  for (const [path, { bytes, executable, link }] of [...files].sort(([one], [other]) => (one < other ? -1 : 1)))
    add(path, `${executable} ${link}`, bytes);
  for (let place = folder; ; place = dirname(place)) {
    for (const name of INSTALLED)
      if (existsSync(join(place, name))) add(join(place, name), readFileSync(join(place, name)));
    if (dirname(place) === place || existsSync(join(place, ".git"))) return hash.digest("hex");
  }
}

/** When this state was seen green, as a date; `undefined` when it was not, or that is not known. */
export const knownGreen = (folder: string, state: string): string | undefined => own(seenGreen(folder), state);

/** Remembers it for the next update, in the user's state folder: nothing that came with a project can stand there. */
export function rememberGreen(folder: string, state: string): void {
  const file = memoryOf(folder);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const { [state]: _before, ...others } = seenGreen(folder);
  const newest = Object.entries(others).slice(1 - MOST_STATES);
  const states = Object.fromEntries([...newest, [state, new Date().toISOString()]]);
  writeFileAtomically(file, `${JSON.stringify(states, null, 2)}\n`, 0o600);
}

/** Dates by states, the newest last. */
function seenGreen(folder: string): Record<string, string> {
  try {
    return parseJsonObject(readFileSync(memoryOf(folder))) as Record<string, string>;
  } catch {
    return {};
  }
}

const memoryOf = (folder: string): string => `${stateOfProject("green", folder)}.json`;
