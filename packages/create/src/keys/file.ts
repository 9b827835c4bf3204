import { existsSync, lstatSync, readFileSync } from "node:fs";
import { type KeyEntry, parseKeyFile } from "../../../core/src/auth/keys/key-file.ts";
import { readLastUsed } from "../../../core/src/auth/keys/last-used.ts";
import { takePidLock } from "../../../core/src/control/pid-lock.ts";
import { Refusal } from "../terminal.ts";
import { writeFileAtomically } from "../write-file.ts";

/** The keys of a file, and the day each was last used. @throws Refusal */
export function readKeys(file: string): { entries: KeyEntry[]; lastUsed: Record<string, string> } {
  if (!existsSync(file))
    throw new Refusal(`There is no ${file}.`, "`offshoot keys add <name>` makes it; --file names another.");
  return { entries: parse(file), lastUsed: readLastUsed(file) };
}

/** Changes a file of keys, one command at a time; a file that is not there yet is empty. @throws Refusal */
export function changeKeys(file: string, change: (entries: KeyEntry[]) => KeyEntry[]): void {
  const lock = takePidLock(file);
  if (typeof lock === "string") throw new Refusal(`${file} is being changed by ${lock}.`, "try again in a moment.");
  try {
    if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink())
      throw new Refusal(`${file} is a link, and servers take none.`, "name the file itself.");
    const keys = change(existsSync(file) ? parse(file) : []);
    writeFileAtomically(file, `${JSON.stringify({ keys }, null, 2)}\n`, 0o600);
  } finally {
    lock();
  }
}

function parse(file: string): KeyEntry[] {
  try {
    return parseKeyFile(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new Refusal(`${file}: ${(cause as Error).message}`, "mend it, or name another file with --file.", { cause });
  }
}
