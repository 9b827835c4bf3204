import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readPlainFile } from "../read-plain-file.ts";
import { Refusal } from "../terminal.ts";
import type { Contract } from "./compare-contracts.ts";

export const LOCK = "contract.lock.json";

/** The lock in a folder. @throws Refusal when there is none or it is no JSON */
export function readLock(folder: string): Contract {
  const file = join(folder, LOCK);
  if (!existsSync(file)) throw new Refusal(`There is no ${LOCK} here.`, "`offshoot contract --write`, and commit it.");
  return parse(readPlainFile(file).bytes.toString("utf8"), LOCK);
}

/** The lock of a folder as it was at a commit; `undefined` when it was not there. @throws Refusal for an unknown ref */
export function readLockAt(folder: string, ref: string): Contract | undefined {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1e8 });
  try {
    git("rev-parse", "--verify", "--quiet", `${ref}^{commit}`);
  } catch (cause) {
    throw new Refusal(`git knows no "${ref}" here.`, "`git fetch --tags`, or name another tag, branch or commit.", {
      cause,
    });
  }
  try {
    return parse(git("show", `${ref}:./${LOCK}`), `${LOCK} at ${ref}`);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    return undefined;
  }
}

function parse(text: string, name: string): Contract {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refusal(
      `${name} is not JSON (left over from a merge?).`,
      "`offshoot contract --write` writes it again.",
      {
        cause,
      },
    );
  }
}
