// What each template's README says under "Let others in", run as it says: a key, the server, and who is let in.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const at = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1.0.0" },
};
const listTools = (headers: Record<string, string>, url: string) =>
  fetch(url, {
    method: "POST",
    headers: {
      ...{ "content-type": "application/json", accept: "application/json, text/event-stream" },
      ...{ "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list" },
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: META } }),
  });

test.each(["notes", "filesystem", "http-api", "minimal"])(
  "%s: who has a key is let in, and nobody else",
  async (name) => {
    const folder = mkdtempSync(join(tmpdir(), "let-others-in-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const readme = readFileSync(at(`templates/${name}/README.md`), "utf8");
    const [, add = "", start = ""] = /^npx (?:create-)?offshoot (keys add .+)\n(node .+)$/m.exec(readme) ?? [];
    const offshoot = [at("packages/create/src/offshoot.ts"), ...add.split(" ")];
    const [key = ""] =
      /offshoot_\S+/.exec(execFileSync(process.execPath, offshoot, { cwd: folder, encoding: "utf8" })) ?? [];
    const [, main = "", ...flags] = start.replace("/srv/files", folder).split(" ");
    const server = spawn(process.execPath, [at(`templates/${name}/${main}`), ...flags, "--port", "0"], {
      cwd: folder,
      env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_STATE_HOME: folder },
    });
    onTestFinished(async () => {
      if (server.exitCode !== null) return;
      server.kill();
      await once(server, "exit");
    });
    let said = "";
    server.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    await expect
      .poll(() => (server.exitCode === null ? said : `ended: ${said}`), { timeout: 30_000 })
      .toMatch(/listens on \S+/);
    const [, url = ""] = /listens on (\S+)/.exec(said) ?? [];
    expect((await listTools({}, url)).status).toBe(401);
    const answer = await listTools({ authorization: `Bearer ${key}` }, url);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringMatching(/"name":"\w+"/)]);
  },
);
