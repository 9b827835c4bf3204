// `pnpm bench files`: what the filesystem server's long operations cost beside the tools that do nothing else. A folder
// of 4,000 files in 200 folders, a third of them twice, all of it in the system's cache; the server is the built one,
// asked over stdio. Every ratio is to the tool, whose start is in it.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cpuOf } from "./accounting.ts";
import { type Client, start } from "./client.ts";
import { median } from "./measure.ts";
import { caller, greet } from "./turns.ts";

const FOLDERS = 200;
const FILES = 20;
/** A server that has just started compiles more than it searches. */
const WARM_UP = 10;

/** In ten of the files. */
const PATTERN = "own 7 1\\d9$";

const main = fileURLToPath(new URL("../../../templates/filesystem/dist/main.js", import.meta.url));

/** A tree whose contents are the same in every run. */
function plant(root: string): void {
  for (let folder = 0; folder < FOLDERS; folder += 1) {
    const path = join(root, `part-${folder % 10}`, `folder-${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < FILES; file += 1) {
      // A third says what one in another folder says too.
      const seed = file % 3 === 0 ? `shared ${file} ${folder >> 1}` : `own ${file} ${folder}`;
      writeFileSync(join(path, `file-${file}.txt`), `${seed}\n`.repeat(20 + ((file * 97) % 1_500)));
    }
  }
}

/** ms of CPU and of time. */
interface Spent {
  cpu: number;
  time: number;
}

/** A command of the shell. Undefined where it, or bash, is missing; what a child has spent is told by bash alone. */
function spentBy(command: string): Spent | undefined {
  const script = `TIMEFORMAT='%R %U %S'; time { ${command} >/dev/null; }`;
  const { status, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  if (status !== 0) return undefined;
  const [time = 0, user = 0, system = 0] = (stderr.trim().split("\n").at(-1) ?? "").split(" ").map(Number);
  return { cpu: (user + system) * 1_000, time: time * 1_000 };
}

async function spentIn({ pid }: Client, work: () => Promise<void>): Promise<Spent> {
  const [cpu, startedAt] = [cpuOf(pid) ?? 0, performance.now()];
  await work();
  return { cpu: (cpuOf(pid) ?? 0) - cpu, time: performance.now() - startedAt };
}

export async function* measureFiles(rounds: number): AsyncGenerator<string> {
  const root = mkdtempSync(join(tmpdir(), "offshoot-bench-"));
  const tree = join(root, "tree");
  plant(tree);
  const client = start([main, root, "--state", join(root, "state"), "--log-level", "warn"]);
  const call = caller(client);
  const pairs = [
    {
      tool: "find_duplicates",
      args: { path: tree },
      command: `find ${tree} -type f -exec sha256sum {} +`,
      other: "sha256sum",
    },
    {
      tool: "search_content",
      args: { path: tree, pattern: PATTERN, max_matches_per_file: 1 },
      command: `rg -j1 -m1 '${PATTERN}' ${tree}`,
      other: "ripgrep",
    },
  ];
  try {
    await greet(client);
    for (const { tool, args, command, other } of pairs) {
      const ours: Spent[] = [];
      const theirs: Spent[] = [];
      for (let round = -WARM_UP; round < rounds; round += 1) {
        const spent = await spentIn(client, () => call(tool, args));
        const beside = spentBy(command);
        if (round < 0) continue;
        ours.push(spent);
        if (beside !== undefined) theirs.push(beside);
      }
      yield `${tool}: ${show(ours, theirs, "cpu", "CPU")}, ${show(ours, theirs, "time", "time")}, beside ${other}`;
    }
  } finally {
    await client.end();
    rmSync(root, { recursive: true, force: true });
  }
}

/** As a ratio to the tool, where that is there. */
function show(ours: Spent[], theirs: Spent[], what: keyof Spent, title: string): string {
  const ratios = theirs.map((spent, round) => (ours[round]?.[what] ?? 0) / spent[what]);
  const ratio = ratios.length === 0 ? "–" : median(ratios).toFixed(2);
  return `${title} ${ratio} (${Math.round(median(ours.map((spent) => spent[what])))} ms)`;
}
