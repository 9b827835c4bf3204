import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What became of the repository; anything but "made" is said to the user. */
export type GitOutcome =
  | "made"
  | "inside another repository"
  | "git is not installed"
  | "git could not commit"
  | "not asked for";

/** Makes a repository with a first commit. Never inside another one, unless `wanted` is true; never when it is false. */
export async function firstCommit(folder: string, wanted: boolean | undefined): Promise<GitOutcome> {
  if (wanted === false) return "not asked for";
  const git = (...args: string[]) => run("git", args, { cwd: folder });
  if (!(await succeeds(git("--version")))) return "git is not installed";
  if (wanted === undefined && (await succeeds(git("rev-parse", "--is-inside-work-tree")))) {
    return "inside another repository";
  }
  await git("init", "--quiet");
  const committed = await succeeds(
    (async () => {
      await git("add", "--all");
      await git("commit", "--quiet", "--message", "A copy of an Offshoot template");
    })(),
  );
  if (committed) return "made";
  // Most often git does not know who commits. A repository without a commit would be half of what was promised.
  rmSync(join(folder, ".git"), { recursive: true, force: true });
  return "git could not commit";
}

const succeeds = (work: Promise<unknown>) =>
  work.then(
    () => true,
    () => false,
  );
