import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type SpawnedClient, spawn } from "@offshoot/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "./fixtures/folder.ts";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const long = process.env.OFFSHOOT_LONG === "1";
const each = long ? 100 : 12;

/** Several servers of one user, on a folder and on one inside of it. */
async function servers() {
  const [root, state] = [await temporaryFolder(), await temporaryFolder()];
  await mkdir(join(root, "d"));
  const started = await Promise.all(
    [root, root, join(root, "d"), join(root, "d")].map((folder) =>
      spawn(process.execPath, { args: [main, folder], env: { XDG_STATE_HOME: state } }),
    ),
  );
  onTestFinished(async () => {
    for (const client of started) await client.close();
  });
  return { root, clients: started, path: join(root, "d", "f") };
}

const good = async (client: SpawnedClient, tool: string, input: Record<string, unknown> = {}) => {
  const { isError, text } = await client.call(tool, input);
  expect([tool, isError, text]).toEqual([tool, false, expect.any(String)]);
};

test("edits and appends of one file by several servers at once are all kept", async () => {
  const { clients, path } = await servers();
  const lines = clients.flatMap((_, server) => Array.from({ length: each }, (_, line) => `line ${server} ${line};`));
  await writeFile(path, `${lines.join("\n")}\n`);
  await Promise.all(
    lines.map((line, index) => {
      const client = clients[index % clients.length] as SpawnedClient;
      if (index % 5 === 0) return good(client, "append_file", { path, content: `added ${line}\n` });
      return good(client, "edit_file", { path, edits: [{ oldText: `\n${line}`, newText: `\n${line.toUpperCase()}` }] });
    }),
  );
  const found = (await readFile(path, "utf8")).split("\n");
  for (const [index, line] of lines.entries())
    expect(found).toContain(index % 5 === 0 ? `added ${line}` : line.toUpperCase());
});

test("writes of one file by several servers at once are never refused", async () => {
  const { clients, path, root } = await servers();
  await Promise.all(
    clients.flatMap((client, server) =>
      Array.from({ length: each }, async (_, turn) => {
        await good(client, "write_file", { path, content: `${server} ${turn}` });
        await good(client, "create_directory", { path: join(root, "d", "new", String(turn), String(server)) });
      }),
    ),
  );
  expect((await readdir(join(root, "d"))).filter((name) => !name.startsWith(".offshoot")).sort()).toEqual(["f", "new"]);
});

test("changes that several servers take back at once are each taken back once", async () => {
  const { clients, root } = await servers();
  const [first, second] = clients as [SpawnedClient, SpawnedClient];
  for (let turn = 0; turn < each; turn++)
    await good(turn % 2 ? first : second, "write_file", { path: join(root, `f${turn}`), content: "x" });
  const undone = await Promise.all(
    Array.from({ length: each }, async (_, turn) => (await (turn % 2 ? first : second).call("undo_last")).data),
  );
  expect(new Set(undone.map((data) => (data as { path: string }).path)).size).toBe(each);
  expect((await readdir(root)).filter((name) => name.startsWith("f"))).toEqual([]);
});
