/** How fast both servers are at the same work, in turns, so that a busy machine is busy for both. Nothing is asserted. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Bench, SIDES, type Side } from "./servers.ts";

export interface Speed {
  work: string;
  /** Median of the rounds, in ms for one call. */
  official: number;
  ours: number;
  /** How many times as fast ours is: median, least and most of the rounds. */
  ratio: [median: number, least: number, most: number];
}

const read = (name: string) => (bench: Bench) => bench.client.call("read_text_file", { path: join(bench.root, name) });

const tasks: { work: string; times: number; run(bench: Bench): Promise<unknown> }[] = [
  { work: "read_text_file, 4 KiB, one after the other", times: 200, run: read("small.txt") },
  {
    work: "read_text_file, 4 KiB, 20 at once",
    times: 10,
    run: (bench) => Promise.all(Array.from({ length: 20 }, () => read("small.txt")(bench))),
  },
  { work: "read_text_file, 200 KiB", times: 20, run: read("large.txt") },
  {
    work: "directory_tree, 10,000 files in 100 folders",
    times: 2,
    run: ({ client, root }) => client.call("directory_tree", { path: join(root, "many") }),
  },
  {
    work: "search_files **/*7.txt, 10,000 files",
    times: 1,
    run: ({ client, root }) => client.call("search_files", { path: join(root, "many"), pattern: "**/*7.txt" }),
  },
];

/** The two take turns call by call, so that a machine that is busy for a moment is busy for both. */
export async function measure(benches: Record<Side, Bench>, rounds = 9): Promise<Speed[]> {
  for (const side of SIDES) await fill(benches[side].root);
  const speeds: Speed[] = [];
  for (const { work, times, run } of tasks) {
    const all: Record<Side, number[]> = { official: [], ours: [] };
    // The first round warms both up.
    for (let round = 0; round <= rounds; round += 1) {
      const spent: Record<Side, number> = { official: 0, ours: 0 };
      for (let turn = 0; turn < times; turn += 1) {
        for (const side of turn % 2 === round % 2 ? SIDES : SIDES.toReversed()) {
          const since = performance.now();
          await run(benches[side]);
          spent[side] += performance.now() - since;
        }
      }
      if (round > 0) for (const side of SIDES) all[side].push(spent[side] / times);
    }
    const ratios = all.official.map((ms, round) => ms / (all.ours[round] ?? 1));
    const ratio: Speed["ratio"] = [median(ratios), Math.min(...ratios), Math.max(...ratios)];
    speeds.push({ work, official: median(all.official), ours: median(all.ours), ratio });
  }
  return speeds;
}

async function fill(root: string): Promise<void> {
  await writeFile(join(root, "small.txt"), "a line of some text\n".repeat(205));
  await writeFile(join(root, "large.txt"), "a line of some text\n".repeat(10_240));
  for (let folder = 0; folder < 100; folder += 1) {
    const path = join(root, "many", `folder-${folder}`);
    await mkdir(path, { recursive: true });
    await Promise.all(Array.from({ length: 100 }, (_, file) => writeFile(join(path, `file-${file}.txt`), "")));
  }
}

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;
