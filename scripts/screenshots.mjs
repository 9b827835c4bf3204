/**
 * Takes the pictures of docs/views.md and docs/live-page.md, after a build: `node scripts/screenshots.mjs`. It needs a
 * Chromium, as the tests of views do.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connect, showView } from "../packages/core/dist/testing/index.js";
import { openContext } from "../packages/core/src/testing/views/chromium.ts";

const out = resolve("docs/views");
mkdirSync(out, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), "offshoot-screenshots-"));
const load = (path) => import(resolve("templates", path));
const extensions = { "io.modelcontextprotocol/ui": { mimeTypes: ["text/html;profile=mcp-app"] } };

const KINDS = { light: ["light", 720], dark: ["dark", 720], phone: ["light", 320] };

/** One view: as high as it is, and no higher than a client would give it. */
async function shoot(client, name, kinds, tool, input, act = async () => {}) {
  for (const kind of kinds) {
    const [theme, width] = KINDS[kind];
    const view = await showView(client, tool, input, { theme, width });
    await act(view.frame);
    const height = await view.frame.evaluate("Math.min(document.body.scrollHeight, 640)");
    await view.page.setViewportSize({ width, height: Math.max(height, 200) });
    await view.page.screenshot({ path: join(out, `${name}-${kind}.png`) });
    console.log(name, kind, view.problems);
    await view.close();
  }
}

const text = ["# Plan", "", "1. Read what is there", "2. Change one thing", "3. Run the tests", "", "Then again."];
writeFileSync(join(folder, "plan.md"), `${text.join("\n")}\n`);
const { openFiles } = await load("filesystem/src/domain/open-files.ts");
const { filesystemServer } = await load("filesystem/src/server.ts");
const files = await openFiles({ roots: [folder], state: join(folder, ".state") });
const fileClient = await connect(filesystemServer(files), { wire: "stdio-2026", extensions });
const edits = [
  { oldText: "2. Change one thing", newText: "2. Change one thing, with a test that fails first" },
  { oldText: "Then again.", newText: "Then the next one." },
];
await shoot(fileClient, "diff", ["light", "dark", "phone"], "edit_file", { path: "plan.md", edits, dryRun: true });
await fileClient.close();
await files.close();

const { createNotes } = await load("notes/src/domain/notes.ts");
const { createMemoryStore } = await load("notes/src/domain/store/memory.ts");
const { notesServer } = await load("notes/src/server.ts");
const notes = createNotes(createMemoryStore());
const noteClient = await connect(notesServer(notes), { wire: "stdio-2026", extensions });
for (const [title, body, tags] of [
  ["Shopping", "milk, bread, tea\n", ["home"]],
  ["Release 1.2", "- changelog\n- tag\n- announce\n", ["work"]],
  ["Ideas for the garden", "A pear tree by the wall.\n", ["home", "garden"]],
])
  await noteClient.call("create_note", { title, body, tags });
await noteClient.call("update_note", { id: "n1", body: "oat milk, bread, tea\ncoffee\n" });
await shoot(noteClient, "notes", ["dark"], "list_notes", {});
await shoot(noteClient, "revisions", ["light"], "diff_revisions", { id: "n1", from: 1, to: 2 }, (frame) =>
  frame.getByLabel("From").waitFor(),
);
await shoot(noteClient, "delete", ["phone"], "delete_note", { id: "n1" });
await noteClient.close();
await notes.close();

const { Config } = await load("http-api/src/config.ts");
const { openApi } = await load("http-api/src/open.ts");
const { httpApiServer } = await load("http-api/src/server.ts");
const api = await openApi(Config.parse({}));
const apiClient = await connect(httpApiServer(api), { wire: "stdio-2026", extensions });
await shoot(apiClient, "table", ["light"], "list_products", { limit: 6 });
await shoot(apiClient, "request", ["dark"], "create_order", {
  customer: "ada",
  lines: [{ product: "p3", quantity: 2 }],
  dry_run: true,
});
await apiClient.close();
await api.close();

const main = resolve("templates/http-api/dist/main.js");
const server = spawn(process.execPath, [main, "--transport", "http", "--port", "0", "--ui"], { stdio: "pipe" });
let said = "";
const [url, page] = await new Promise((found) => {
  server.stderr.on("data", (chunk) => {
    said += chunk;
    const both = [/listens on (\S+)/.exec(said)?.[1], /shows what it does at (\S+)/.exec(said)?.[1]];
    if (!both.includes(undefined)) found(both);
  });
});
const call = async (name, input) => {
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": name,
  };
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "load", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name, arguments: input, _meta };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  await (await fetch(url, { method: "POST", headers, body })).text();
};
for (const [kind, colorScheme, width] of [
  ["light", "light", 1000],
  ["dark", "dark", 1000],
  ["phone", "light", 320],
]) {
  const context = await openContext({ colorScheme, viewport: { width, height: 900 } });
  const live = await context.newPage();
  await live.goto(page);
  for (let round = 0; round < 12; round += 1) {
    const calls = [call("list_products", { limit: 2 }), call("get_order", { id: "o1" }), call("list_orders", {})];
    await Promise.all([...calls, call("get_order", { id: round % 4 === 0 ? "o999" : "o2" })]);
  }
  await live.waitForTimeout(1_500);
  await live.screenshot({ path: join(out, `live-${kind}.png`) });
  await context.close();
}
server.kill();
rmSync(folder, { recursive: true });
