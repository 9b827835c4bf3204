import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../fixtures/free-port.ts";
import { isUp } from "../answering.ts";
import { argumentsOf } from "../call.ts";
import { checkout } from "../ways.ts";
import { PICTURE } from "./picture.ts";
import type { Where } from "./session.ts";

export type Transport = "stdio" | "http";

/** A server under test: a template's built bin, or the lab. */
export interface Server {
  where: Where;
  /** Ends it and starts it again at the same place; only over HTTP, where it is ours to end. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Makes a server ready: over stdio its command, over HTTP the process that listens. `name` is a template or `lab`. */
export async function makeServer(name: string, transport: Transport, folder: string): Promise<Server> {
  const data = join(folder, name);
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, "dot.png"), Buffer.from(PICTURE, "base64"));
  const args =
    name === "lab"
      ? [join(import.meta.dirname, "lab.ts")]
      : [join(checkout, "templates", name, "dist/main.js"), ...argumentsOf(name, data)];
  if (transport === "stdio")
    return { where: { command: process.execPath, args }, restart: async () => {}, close: async () => {} };
  const port = await freePort();
  let running = await listening(args, port);
  const end = async (): Promise<void> => {
    const closed = once(running, "close");
    running.kill("SIGKILL");
    await closed;
  };
  process.on("exit", () => running.kill("SIGKILL"));
  return {
    where: { url: `http://127.0.0.1:${port}/mcp` },
    async restart() {
      await end();
      running = await listening(args, port);
    },
    close: end,
  };
}

async function listening(args: string[], port: number): Promise<ChildProcess> {
  const words = [...args, "--transport", "http", "--port", String(port)];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
  if (!(await isUp(child, `http://127.0.0.1:${port}/healthz`, 30))) throw new Error(`${words.join(" ")} did not start`);
  return child;
}
