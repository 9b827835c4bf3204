/** How fast both servers are at the same work, in turns, so that a busy machine is busy for both. Nothing is asserted. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Bench, SIDES, type Side } from "./servers.ts";

export interface Speed {
  work: string;
  /** Median of the rounds and the fastest one, which nothing disturbed, in ms. */
  official: [median: number, fastest: number];
  ours: [median: number, fastest: number];
}

const tasks: { work: string; run(bench: Bench): Promise<unknown> }[] = [
  {
    work: "read_text_file, 4 KiB, 200 times one after the other",
    async run({ client, root }) {
      for (let i = 0; i < 200; i += 1) await client.call("read_text_file", { path: join(root, "small.txt") });
    },
  },
  {
    work: "read_text_file, 4 KiB, 200 at once",
    run: ({ client, root }) =>
      Promise.all(Array.from({ length: 200 }, () => client.call("read_text_file", { path: join(root, "small.txt") }))),
  },
  {
    work: "read_text_file, 200 KiB, 20 times",
    async run({ client, root }) {
      for (let i = 0; i < 20; i += 1) await client.call("read_text_file", { path: join(root, "large.txt") });
    },
  },
  {
    work: "directory_tree, 10,000 files in 100 folders",
    run: ({ client, root }) => client.call("directory_tree", { path: join(root, "many") }),
  },
  {
    work: "search_files **/*7.txt, 10,000 files",
    run: ({ client, root }) => client.call("search_files", { path: join(root, "many"), pattern: "**/*7.txt" }),
  },
];

export async function measure(benches: Record<Side, Bench>, rounds = 11): Promise<Speed[]> {
  for (const side of SIDES) await fill(benches[side].root);
  const speeds: Speed[] = [];
  for (const { work, run } of tasks) {
    const times: Record<Side, number[]> = { official: [], ours: [] };
    // The first round warms both up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
        const since = performance.now();
        await run(benches[side]);
        if (round > 0) times[side].push(performance.now() - since);
      }
    }
    speeds.push({ work, official: summed(times.official), ours: summed(times.ours) });
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

function summed(times: number[]): [median: number, fastest: number] {
  const sorted = times.toSorted((a, b) => a - b);
  return [sorted[sorted.length >> 1] as number, sorted[0] as number];
}
