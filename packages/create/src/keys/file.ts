import { existsSync } from "node:fs";
import { type KeyEntry, parseKeyFile } from "../../../core/src/auth/keys/key-file.ts";
import { readLastUsed } from "../../../core/src/auth/keys/last-used.ts";
import { takePidLock } from "../../../core/src/control/pid-lock.ts";
import { placeProblem } from "../own-place.ts";
import { MAX_JSON_BYTES } from "../parse-json.ts";
import { readPlainFile } from "../read-plain-file.ts";
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
  const problem = placeProblem(process.cwd(), file);
  if (problem !== undefined) throw new Refusal(`${file} ${problem}.`, "name another file with --file.");
  const lock = lockFor(file);
  if (typeof lock === "string") throw new Refusal(`${file} is being changed by ${lock}.`, "try again in a moment.");
  try {
    const keys = change(existsSync(file) ? parse(file) : []);
    writeFileAtomically(file, `${JSON.stringify({ keys }, null, 2)}\n`, 0o600);
  } finally {
    lock();
  }
}

function lockFor(file: string): ReturnType<typeof takePidLock> {
  try {
    return takePidLock(file);
  } catch (cause) {
    const { message } = cause as Error;
    throw new Refusal(
      `${file} cannot be locked: ${message}`,
      "check the folder's permissions; servers can still read the file.",
      {
        cause,
      },
    );
  }
}

function parse(file: string): KeyEntry[] {
  const { bytes } = readPlainFile(file, MAX_JSON_BYTES);
  try {
    return parseKeyFile(bytes.toString("utf8"));
  } catch (cause) {
    throw new Refusal(`${file}: ${(cause as Error).message}`, "fix it, or name another file with --file.", { cause });
  }
}
