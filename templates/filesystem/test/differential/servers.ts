/**
 * Two servers as processes over stdio, each on a folder of its own that holds the same files: the official one, and
 * the one built here.
 */
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type SpawnedClient, spawn } from "@offshoot/core/testing";

export const SIDES = ["official", "ours"] as const;
export type Side = (typeof SIDES)[number];

const programs: Record<Side, string> = {
  official: fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-filesystem/dist/index.js")),
  ours: fileURLToPath(new URL("../../dist/main.js", import.meta.url)),
};

export interface Bench {
  side: Side;
  /** The folder the server may work in. */
  root: string;
  /** A folder beside it, which it must not see. */
  outside: string;
  client: SpawnedClient;
  /** Ends the process, however busy it is, and starts another. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startBench(side: Side): Promise<Bench> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), `differential-${side}-`)));
  const [root, outside] = [join(folder, "root"), join(folder, "outside")];
  for (const path of [root, outside]) await mkdir(path);
  await writeFile(join(outside, "secret.txt"), "outside\n");
  const start = () => spawn(process.execPath, { args: [programs[side], root], cwd: folder });
  const end = async () => {
    try {
      // A server that hangs does not hear that its client has left.
      process.kill(bench.client.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await bench.client.close();
  };
  const bench: Bench = {
    side,
    root,
    outside,
    client: await start(),
    async restart() {
      await end();
      bench.client = await start();
    },
    async close() {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return bench;
}
