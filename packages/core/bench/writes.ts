// `pnpm bench writes`: a kilobyte written and edited by the filesystem server, beside the official one, which keeps no
// trash and no journal. Every ratio is to the official server.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, start } from "./client.ts";
import { caller, greet, inTurns, type Turn } from "./turns.ts";

const ROUNDS = 15;
const CALLS = 40;

const template = new URL("../../../templates/filesystem/", import.meta.url);
const official = (): string =>
  createRequire(new URL("package.json", template)).resolve("@modelcontextprotocol/server-filesystem/dist/index.js");

export async function* measureWrites(): AsyncGenerator<string> {
  const root = mkdtempSync(join(tmpdir(), "offshoot-bench-"));
  const servers: [name: string, folder: string, args: (folder: string) => string[]][] = [
    ["official", join(root, "official"), (folder) => [official(), folder]],
    [
      "offshoot",
      join(root, "offshoot"),
      (folder) => [fileURLToPath(new URL("dist/main.js", template)), folder, "--state", join(root, "state")],
    ],
  ];
  const clients: Client[] = [];
  try {
    const turns = servers.map(([name, folder, args]) => {
      mkdirSync(folder);
      const client = start(args(folder));
      clients.push(client);
      return { name, client, file: join(folder, "file.txt"), call: caller(client) };
    });
    for (const client of clients) await greet(client);
    const write = turns.map(
      ({ name, client, file, call }): Turn => ({
        name,
        client,
        call: (at) => call("write_file", { path: file, content: `${at} `.padEnd(1_024, "content ") }),
      }),
    );
    yield* await inTurns("write_file of 1 KB", write, ROUNDS, CALLS);
    for (const { file } of turns) writeFileSync(file, `state: first\n${"a line of the file\n".repeat(53)}`);
    const words = ["first", "other"];
    const edit = turns.map(({ name, client, file, call }): Turn => {
      let calls = 0;
      return {
        name,
        client,
        call: () => {
          const [oldText, newText] = [words[calls % 2], words[(calls + 1) % 2]].map((word) => `state: ${word}`);
          calls += 1;
          return call("edit_file", { path: file, edits: [{ oldText, newText }] });
        },
      };
    });
    yield* await inTurns("edit_file of 1 KB", edit, ROUNDS, CALLS);
  } finally {
    for (const client of clients) await client.end();
    rmSync(root, { recursive: true, force: true });
  }
}
