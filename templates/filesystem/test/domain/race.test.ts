import { access, mkdir, readdir, readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FilesError } from "../../src/domain/errors.ts";
import { startChild } from "../fixtures/child.ts";
import { newFiles } from "../fixtures/files.ts";

// Code that trusts a path checked earlier is led outside here; the naive arm proves it in the same seconds.
const long = process.env.OFFSHOOT_LONG === "1";
const leastReads = long ? 200_000 : 12_000;
const leastChanges = long ? 10_000 : 1_200;
// Most are refused before anything is written; these went all the way while the folder was exchanged.
const leastDone = long ? 2_000 : 150;
const longestMs = long ? 240_000 : 25_000;
const parallel = 16;

async function flipped() {
  const ground = await newFiles();
  const { folder, outside, at } = ground;
  await mkdir(at("d"));
  for (const name of ["f.txt", "d/f.txt"]) await writeFile(at(name), "inside");
  for (const name of ["victim-edit", "victim-append", "victim-move", "victim-remove"]) {
    await writeFile(join(outside, name), "outside");
    await writeFile(at("d", name), "inside");
  }
  const flipper = startChild("flipper.ts", [folder, outside]);
  await flipper.started;
  return { ...ground, flipper };
}

/** Runs steps side by side until there are enough of each, and gives the time up in the end. */
async function until(enough: () => boolean, step: (turn: number) => Promise<void>): Promise<void> {
  const end = performance.now() + longestMs;
  let turn = 0;
  const worker = async () => {
    while (!enough() && performance.now() < end) await step(turn++);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

test.skipIf(process.platform !== "linux")(
  "no raced read gets what is outside, where a check before opening lets it through",
  { timeout: longestMs + 30_000 },
  async ({ annotate }) => {
    const { files, folder, at } = await flipped();
    const ours = { reads: 0, inside: 0, refused: 0, escapes: 0 };
    const naive = { reads: 0, escapes: 0 };
    await until(
      () => ours.reads >= leastReads && naive.escapes >= 3,
      async (turn) => {
        const path = turn % 2 === 0 ? "d/f.txt" : "f.txt";
        for (let repeat = 0; repeat < 4; repeat++) {
          ours.reads++;
          try {
            const { text } = await files.readText(path);
            if (text.includes("SECRET")) ours.escapes++;
            else ours.inside++;
          } catch (error) {
            if (!(error instanceof FilesError)) throw error;
            ours.refused++;
          }
        }
        naive.reads++;
        try {
          if (
            (await realpath(at(path))).startsWith(`${folder}/`) &&
            (await readFile(at(path), "utf8")).includes("SECRET")
          ) {
            naive.escapes++;
          }
        } catch {
          // In this moment there was nothing.
        }
      },
    );
    await annotate(JSON.stringify({ drill: "raced reads", ours, naive }));
    if (process.env.OFFSHOOT_LONG) console.info(JSON.stringify({ drill: "raced reads", ours, naive }));
    expect(ours.escapes).toBe(0);
    expect(ours.reads).toBeGreaterThanOrEqual(10_000);
    expect(ours.inside).toBeGreaterThan(100);
    expect(ours.refused).toBeGreaterThan(100);
    // Without it the race was none, and the zero above says nothing.
    expect(naive.escapes).toBeGreaterThan(0);
  },
);

test.skipIf(process.platform !== "linux")(
  "no raced change reaches what is outside, where a check before writing does",
  { timeout: longestMs + 30_000 },
  async ({ annotate }) => {
    const { files, folder, outside, at } = await flipped();
    await writeFile(at("source"), "b source");
    const before = await snapshot(outside);
    const ours = { changes: 0, done: 0, refused: 0, escapes: 0 };
    const naive = { changes: 0, escapes: 0 };
    const changes: ((turn: number) => Promise<unknown>)[] = [
      (turn) => files.write(`d/ours-${turn}`, "x"),
      () => files.write("d/f.txt", "inside"),
      () => files.write("f.txt", "inside"),
      () => files.edit("d/victim-edit", [{ oldText: "side", newText: "side " }]),
      () => files.append("d/victim-append", "x"),
      (turn) => files.createDirectory(`d/ours-${turn}/a/b`),
      (turn) => files.copy("source", `d/ours-${turn}`),
      (turn) => files.move("d/victim-move", `moved-${turn}`),
      () => files.remove("d/victim-remove"),
      (turn) => files.move(`d/ours-${turn - 9}`, `d/ours-${turn}`),
      () => files.undo(),
    ];
    await until(
      () => ours.changes >= leastChanges && ours.done >= leastDone && naive.escapes >= 3,
      async (turn) => {
        ours.changes++;
        try {
          await changes[turn % changes.length]?.(turn);
          ours.done++;
        } catch (error) {
          if (!(error instanceof FilesError)) throw error;
          ours.refused++;
        }
        naive.changes++;
        try {
          if ((await realpath(at("d"))).startsWith(`${folder}/`)) await writeFile(at("d", `naive-${turn}`), "x");
          await access(join(outside, `naive-${turn}`));
          naive.escapes++;
        } catch {
          // Nothing was there in this moment, or it was not led outside.
        }
      },
    );
    const after = await snapshot(outside);
    for (const name of [...after.keys()]) if (name.startsWith("naive-")) after.delete(name);
    ours.escapes = [...new Set([...before.keys(), ...after.keys()])].filter(
      (name) => before.get(name) !== after.get(name),
    ).length;
    await annotate(JSON.stringify({ drill: "raced changes", ours, naive }));
    if (process.env.OFFSHOOT_LONG) console.info(JSON.stringify({ drill: "raced changes", ours, naive }));
    expect(ours.escapes).toBe(0);
    expect(ours.changes).toBeGreaterThanOrEqual(1_000);
    expect(ours.done).toBeGreaterThan(100);
    expect(ours.refused).toBeGreaterThan(50);
    expect(naive.escapes).toBeGreaterThan(0);
  },
);

async function snapshot(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of await readdir(folder))
    found.set(name, await readFile(join(folder, name), "utf8").catch(() => "a folder"));
  return found;
}
