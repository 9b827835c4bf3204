// `pnpm bench files`: what the filesystem server's long operations cost beside the tools that do nothing else. A folder
// of 4,000 files in 200 folders, a third of them twice; the server is the built one, asked over stdio.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, start } from "./client.ts";
import { median } from "./measure.ts";

const FOLDERS = 200;
const FILES = 20;
const ROUNDS = 7;
const WRITES = 200;

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

/** One call's time in ms. @throws AssertionError for an answer that is an error */
function caller(client: Client) {
  let id = 10;
  return async (name: string, args: object): Promise<number> => {
    const begun = performance.now();
    id += 1;
    const result = await client.request(id, "tools/call", { name, arguments: args });
    assert.ok(result.isError !== true, JSON.stringify(result.content));
    return performance.now() - begun;
  };
}

const timed = (run: () => unknown): number => {
  const begun = performance.now();
  run();
  return performance.now() - begun;
};

export async function measureFiles(): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "offshoot-bench-"));
  const tree = join(root, "tree");
  plant(tree);
  const client = start([main, root, "--state", join(root, "state"), "--log-level", "warn"]);
  try {
    const clientInfo = { name: "bench", version: "1.0.0" };
    await client.request(1, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
    const call = caller(client);
    const times: Record<string, number[]> = {};
    const note = (what: string, ms: number): void => {
      times[what] = [...(times[what] ?? []), ms];
    };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const noteThis = round === 0 ? () => {} : note;
      noteThis("find_duplicates", await call("find_duplicates", { path: tree }));
      noteThis(
        "sha256sum",
        timed(() => execFileSync("sh", ["-c", `find ${tree} -type f -exec sha256sum {} +`], QUIET)),
      );
      noteThis(
        "search_content",
        await call("search_content", { path: tree, pattern: PATTERN, max_matches_per_file: 1 }),
      );
      if (hasRipgrep)
        noteThis(
          "ripgrep",
          timed(() => execFileSync("rg", ["-j1", "-m1", PATTERN, tree], QUIET)),
        );
      let writing = 0;
      for (let at = 0; at < WRITES; at += 1)
        writing += await call("write_file", { path: join(root, "w.txt"), content: `${round}.${at} `.repeat(150) });
      noteThis("write_file of 1 KB", writing / WRITES);
    }
    return Object.entries(times)
      .map(([what, all]) => `${what.padEnd(20)}${median(all).toFixed(2).padStart(10)} ms`)
      .join("\n");
  } finally {
    await client.end();
    rmSync(root, { recursive: true, force: true });
  }
}

const QUIET: { stdio: ("ignore" | "pipe")[]; maxBuffer: number } = {
  stdio: ["ignore", "pipe", "ignore"],
  maxBuffer: 1 << 28,
};
const hasRipgrep = (() => {
  try {
    execFileSync("rg", ["--version"], QUIET);
    return true;
  } catch {
    return false;
  }
})();
