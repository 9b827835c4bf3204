import { devNull } from "node:os";
import { environment, type GitOutput, runGit } from "./git.ts";
import type { Stage } from "./merge.ts";

/** The user's own repository, if the project stands in one. */
export interface OwnRepository {
  /** What `git status` lists below the project, one path each. */
  dirty(): Promise<string[]>;
  /** Files that git calls unmerged. */
  unmerged(): Promise<string[]>;
  /** Puts the three sides of each conflict into the index, where `git status` and editors look for them. */
  markConflicts(stages: Stage[]): Promise<void>;
  /** The index as in the last commit for these paths: what {@link markConflicts} did is undone. */
  reset(paths: string[]): Promise<void>;
}

/** `undefined` outside a repository, without git, and in a folder that the repository around it ignores. */
export async function openOwnRepository(folder: string): Promise<OwnRepository | undefined> {
  let env = environment();
  const git = async (args: string[], options: { input?: Buffer; codes?: number[] } = {}) =>
    runGit(args, { cwd: folder, env, ...options });
  try {
    env = { ...env, ...(await withoutPrograms(git)) };
    if (String((await git(["rev-parse", "--is-inside-work-tree"])).stdout).trim() !== "true") return undefined;
    if ((await git(["check-ignore", "--quiet", "."], { codes: [0, 1] })).code === 0) return undefined;
  } catch {
    return undefined;
  }
  const prefix = String((await git(["rev-parse", "--show-prefix"])).stdout).replace(/\n$/, "");
  const paths = (output: Buffer): string[] => String(output).split("\0").filter(Boolean);
  const unmerged = async (): Promise<string[]> =>
    paths((await git(["diff", "--name-only", "-z", "--relative", "--diff-filter=U"])).stdout);
  return {
    unmerged,
    async dirty() {
      const { stdout } = await git(["status", "--porcelain=v1", "-z", "--no-renames", "--", "."]);
      return paths(stdout).map((line) => line.slice(3 + prefix.length));
    },
    async markConflicts(stages) {
      const none = "0".repeat(40);
      const lines = [...new Set(stages.map(({ path }) => path))].map((path) => `0 ${none}\t${prefix}${path}\0`);
      for (const { stage, path, file } of stages) {
        // By its path, so that the user's own rules for line ends apply.
        const how = file.link ? ["--no-filters"] : [`--path=${path}`];
        const { stdout } = await git(["hash-object", "-w", "--stdin", ...how], { input: file.bytes });
        const mode = file.link ? "120000" : file.executable ? "100755" : "100644";
        lines.push(`${mode} ${String(stdout).trim()} ${stage}\t${prefix}${path}\0`);
      }
      if (lines.length > 0) await git(["update-index", "-z", "--index-info"], { input: Buffer.from(lines.join("")) });
    },
    async reset(changed) {
      const wanted = new Set(changed);
      const mine = [...new Set(await unmerged())].filter((path) => wanted.has(path));
      if (mine.length > 0) await git(["reset", "--quiet", "--", ...mine]);
    },
  };
}

/**
 * Variables that keep git from running programs that the folder's own `.git/config` names: a clone brings none, the folder
 * of an archive may. git-lfs stays: its filters make the files what they are.
 */
async function withoutPrograms(git: (args: string[], options: { codes: number[] }) => Promise<GitOutput>) {
  const filters = "^filter\\..*\\.(clean|smudge|process)$";
  const { stdout } = await git(["config", "-z", "--show-scope", "--includes", "--get-regexp", filters], {
    codes: [0, 1],
  });
  const settings = [
    ["core.fsmonitor", "false"],
    ["core.hooksPath", devNull],
  ];
  const fields = String(stdout).split("\0");
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [scope, [key = "", ...value]] = [fields[at], (fields[at + 1] as string).split("\n")];
    if ((scope !== "local" && scope !== "worktree") || /^git-lfs /.test(value.join("\n"))) continue;
    settings.push([key, ""], [key.replace(/\.[^.]*$/, ".required"), "false"]);
  }
  return Object.fromEntries([
    ["GIT_CONFIG_COUNT", String(settings.length)],
    ...settings.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ]);
}
