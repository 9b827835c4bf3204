import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "./fixtures/folder.ts";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

/** A client that says which folders its user works in. */
async function connected(roots: string[], args: string[]) {
  const client = new Client({ name: "editor", version: "1" }, { capabilities: { roots: {} } });
  client.setRequestHandler("roots/list", () => ({ roots: roots.map((path) => ({ uri: pathToFileURL(path).href })) }));
  const state = await temporaryFolder();
  const environment = { ...process.env, XDG_STATE_HOME: state } as Record<string, string>;
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [main, ...args], env: environment }),
  );
  onTestFinished(() => client.close());
  return async (name: string, input: Record<string, unknown> = {}) => {
    const { isError = false, structuredContent } = await client.callTool({ name, arguments: input });
    return [isError, structuredContent] as const;
  };
}

test("with --client-roots a client reaches what it works in and is allowed, and nothing else", async () => {
  const [root, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
  for (const path of ["in", "out"]) {
    await mkdir(join(root, path));
    await writeFile(join(root, path, "f"), path);
  }
  await writeFile(join(elsewhere, "f"), "elsewhere");
  const call = await connected([join(root, "in"), elsewhere], [root, "--client-roots", "true"]);
  expect(await call("list_allowed_directories")).toMatchObject([false, { directories: [join(root, "in")] }]);
  expect(await call("read_text_file", { path: join(root, "in", "f") })).toMatchObject([false, { content: "in" }]);
  expect(await call("write_file", { path: join(root, "in", "g"), content: "new" })).toMatchObject([false, {}]);
  for (const path of [join(root, "out", "f"), join(elsewhere, "f")])
    expect((await call("read_text_file", { path }))[0]).toBe(true);
  const without = await connected([join(root, "in")], [root]);
  expect(await without("read_text_file", { path: join(root, "out", "f") })).toMatchObject([false, { content: "out" }]);
});
