import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { open as openSdk } from "./sdk.js";

/** A stdio server behind a bridge that answers on HTTP, and the official SDK on the other side of it. */
export async function openThrough(words, answer) {
  const port = await freePort();
  const bridge = spawn(process.execPath, words(port), { stdio: "ignore" });
  process.on("exit", () => bridge.kill());
  while ((await fetch(`http://127.0.0.1:${port}/mcp`).catch(() => undefined)) === undefined) {
    if (bridge.exitCode !== null) throw new Error(`the bridge ended with ${bridge.exitCode}`);
    await sleep(100);
  }
  const session = await openSdk({ url: `http://127.0.0.1:${port}/mcp` }, answer);
  const close = async () => {
    await session.close();
    bridge.kill();
  };
  return { ...session, close };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}
