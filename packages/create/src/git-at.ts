import { execFileSync } from "node:child_process";
import { Refusal } from "./terminal.ts";

/** Asks git in a folder, and returns what it prints. */
export const askGit = (folder: string, ...args: string[]): Buffer =>
  execFileSync("git", args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1e8 });

/** @throws Refusal for what is not a tag, a branch or a commit here */
export function requireRef(folder: string, ref: string): void {
  try {
    askGit(folder, "rev-parse", "--verify", "--quiet", `${ref}^{commit}`);
  } catch (cause) {
    const next = "`git fetch --tags`, or name another tag, branch or commit.";
    throw new Refusal(`git knows no "${ref}" here.`, next, { cause });
  }
}
