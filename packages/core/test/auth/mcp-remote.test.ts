// mcp-remote, which most hosts use to reach a server over HTTP: it prints where to sign in, and that is done here.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { initialize, type Json, toolCall } from "../fixtures/raw.ts";
import { freePort, openServer } from "./endpoint.ts";
import { startProvider } from "./provider.ts";

test("mcp-remote signs its user in and calls, over its stdio", async () => {
  const port = await freePort();
  const resource = `http://127.0.0.1:${port}/mcp`;
  const provider = await startProvider({ resource, scopes: ["lab:read", "lab:write"] });
  const server = await openServer({ auth: "oauth", authIssuer: provider.url }, { port });
  const folder = mkdtempSync(join(tmpdir(), "mcp-remote-"));
  const main = join(createRequire(import.meta.url).resolve("mcp-remote/package.json"), "../dist/proxy.js");
  // Its own attempt to open a browser finds none.
  const env = { ...process.env, MCP_REMOTE_CONFIG_DIR: folder, PATH: folder };
  const remote = spawn(process.execPath, [main, resource, "--allow-http"], { env });
  onTestFinished(async () => {
    remote.kill();
    await once(remote, "exit");
    await server.close();
    await provider.close();
    rmSync(folder, { recursive: true });
  });
  let said = "";
  remote.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const answers = new Map<unknown, Json>();
  let rest = "";
  remote.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) {
      const message = JSON.parse(line);
      answers.set(message.id, message);
    }
  });
  const send = (message: object): unknown => remote.stdin.write(`${JSON.stringify(message)}\n`);
  const patience = { timeout: 20_000, interval: 50 };

  send(initialize(0));
  const address = new RegExp(`${provider.url}/auth\\?\\S+`);
  await expect.poll(() => said, patience).toMatch(address);
  const [signInAt = ""] = address.exec(said) ?? [];
  expect(new URL(signInAt).searchParams.get("scope")).toContain("lab:read lab:write");
  expect((await fetch(await provider.signIn(signInAt))).status).toBe(200);
  await expect.poll(() => answers.get(0)?.result?.serverInfo?.name, patience).toBe("lab");
  send({ jsonrpc: "2.0", method: "notifications/initialized" });
  send(toolCall(1, "guarded", {}));
  await expect.poll(() => answers.get(1)?.result, patience).toMatchObject({ structuredContent: {} });
}, 60_000);
