import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { Refusal } from "../terminal.ts";

/** What a git command said. */
export interface GitOutput {
  code: number;
  stdout: Buffer;
}

/** A repository for the time of one merge, whose rules are ours: no setting of the user's or the system's applies. */
export interface ScratchRepository {
  /** Runs git. @throws Error for an exit code that is not in `codes` (default: 0) */
  git(
    args: string[],
    options?: { input?: Buffer | undefined; codes?: number[] | undefined; workTree?: string },
  ): Promise<GitOutput>;
  close(): Promise<void>;
}

/** `merge-tree --write-tree` came with this version. */
const NEEDED = [2, 38];

const SETTINGS = [
  "core.autocrlf=false",
  "core.quotePath=false",
  "core.fsmonitor=false",
  // A file of the user's follows the folder that upstream has moved.
  "merge.directoryRenames=true",
  "merge.renames=true",
  "merge.renameLimit=20000",
  "diff.renameLimit=20000",
].flatMap((setting) => ["-c", setting]);

export async function openScratchRepository(): Promise<ScratchRepository> {
  const folder = await mkdtemp(join(tmpdir(), "offshoot-merge-"));
  const env = {
    ...environment(),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: devNull,
    GIT_ATTR_NOSYSTEM: "1",
    GIT_DIR: folder,
  };
  const git: ScratchRepository["git"] = (args, { input, codes, workTree } = {}) =>
    runGit([...SETTINGS, ...args], {
      cwd: workTree ?? folder,
      env: { ...env, ...(workTree && { GIT_WORK_TREE: workTree }) },
      input,
      codes,
    });
  await requireGit();
  // Without the machine's template: its hooks and excludes are not ours, and copying them takes as long as a merge.
  await git(["init", "--quiet", "--bare", "--initial-branch=base", "--template=", folder]);
  return { git, close: () => rm(folder, { recursive: true, force: true }) };
}

async function requireGit(): Promise<void> {
  const next = "install a newer one: https://git-scm.com/downloads. A repository of your own is not needed.";
  const said = await runGit(["--version"], { cwd: tmpdir(), env: environment() }).catch((cause) => {
    throw new Refusal("git does the merging, and is not installed.", next, { cause });
  });
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(String(said.stdout)) ?? []).slice(1).map(Number);
  if (major < (NEEDED[0] as number) || (major === NEEDED[0] && minor < (NEEDED[1] as number)))
    throw new Refusal(`git ${major}.${minor} cannot merge without a working copy; ${NEEDED.join(".")} can.`, next);
}

/** The environment without what a hook or an alias of git has left in it. */
export const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^GIT_(?!EXEC_PATH)/.test(name))),
  LC_ALL: "C",
});

/** Runs git with bytes in and out. */
export function runGit(
  args: string[],
  {
    cwd,
    env,
    input,
    codes = [0],
  }: { cwd: string; env: NodeJS.ProcessEnv; input?: Buffer | undefined; codes?: number[] | undefined },
): Promise<GitOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    const stdout: Buffer[] = [];
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.on("error", reject);
    // git may leave before it has read everything; its exit code says why.
    child.stdin.on("error", () => {});
    child.on("close", (code) => {
      if (code !== null && codes.includes(code)) resolve({ code, stdout: Buffer.concat(stdout) });
      else
        reject(
          new Error(
            `git ${args.find((arg) => !arg.startsWith("-") && !arg.includes("="))} failed (${code}): ${stderr.trim()}`,
          ),
        );
    });
    child.stdin.end(input);
  });
}
