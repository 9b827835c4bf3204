import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { cpuOf, rssOf } from "./accounting.ts";
import type { Arm } from "./arms.ts";
import { checkAnswer, inputOf, META } from "./conversation.ts";
import { difference, type Sample, SETTLE_MS } from "./measure.ts";

/** Calls before the first that counts. */
export const HTTP_WARM_UP = 3_000;
/** Connections, each with a call on its way. */
export const CONNECTIONS = 16;

/** A server over HTTP under load: µs of its CPU time per call, calls/s, and MB of memory afterwards. */
export async function measureHttp(arm: Arm, calls: number): Promise<Sample> {
  const child = spawn(process.execPath, arm.args, { stdio: ["ignore", "ignore", "pipe"] });
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    const { run } = await speak(child, agent, arm);
    await run(10, HTTP_WARM_UP);
    await wait(SETTLE_MS);
    const pid = child.pid as number;
    const before = cpuOf(pid);
    const startedAt = performance.now();
    await run(10 + HTTP_WARM_UP, calls);
    const ms = performance.now() - startedAt;
    await wait(SETTLE_MS);
    return { cpu: difference(cpuOf(pid), before, 1_000 / calls), rate: (calls * 1_000) / ms, rss: rssOf(pid) };
  } finally {
    agent.destroy();
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

/** A client of the arm's era, once its server listens. */
export async function speak(child: ReturnType<typeof spawn>, agent: Agent, arm: Arm) {
  const post = poster(await listening(child), agent);
  const headers = await open(post, arm);
  const call = async (id: number): Promise<void> => {
    const params = { name: "repeat_text", arguments: inputOf(id), ...(arm.era === "2026" && { _meta: META }) };
    const named = { "mcp-method": "tools/call", "mcp-name": "repeat_text" };
    const { text } = await post({ id, method: "tools/call", params }, { ...headers, ...(arm.era === "2026" && named) });
    checkAnswer(JSON.parse(text.startsWith("{") ? text : text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)));
  };
  return {
    /** Makes `count` calls with ids from `first` on, one on its way for each connection. */
    async run(first: number, count: number): Promise<void> {
      let next = first;
      const worker = async (): Promise<void> => {
        while (next < first + count) {
          const id = next;
          next += 1;
          await call(id);
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    },
    /** Opens one more session. */
    another: () => open(post, arm),
  };
}

type Headers = Record<string, string>;
type Post = (message: object, headers: Headers) => Promise<{ text: string; session: string | undefined }>;

/** The headers of every later request, after the way that a client of the arm's era goes first. */
async function open(post: Post, { era, stateless }: Arm): Promise<Headers> {
  if (era === "2026") return { "mcp-protocol-version": "2026-07-28" };
  const version = { "mcp-protocol-version": "2025-11-25" };
  if (stateless) return version;
  const clientInfo = { name: "bench", version: "1.0.0" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const { session } = await post({ id: 1, method: "initialize", params }, {});
  assert.ok(session !== undefined, "initialize opened no session");
  const headers = { ...version, "mcp-session-id": session };
  await post({ method: "notifications/initialized" }, headers);
  return headers;
}

function poster(url: URL, agent: Agent): Post {
  return (message, headers) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ jsonrpc: "2.0", ...message });
      const fixed = {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "content-length": Buffer.byteLength(body),
      };
      const outgoing = request(url, { method: "POST", agent, headers: { ...fixed, ...headers } }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        response.on("end", () => {
          const session = response.headers["mcp-session-id"] as string | undefined;
          if ((response.statusCode ?? 500) < 300) resolve({ text, session });
          else reject(new Error(`HTTP ${response.statusCode}: ${text.slice(0, 200)}`));
        });
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
}

/** Where the server listens: it says so on stderr, which is read to its end, since lines cost something. */
function listening(child: ReturnType<typeof spawn>): Promise<URL> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (piece: string) => {
      if (said.length < 10_000) said += piece;
      const url = /listens on (http[^\s"]+)/.exec(said)?.[1];
      if (url !== undefined) resolve(new URL(url));
    });
    child.once("exit", (code) => reject(new Error(`the server ended (${code})\n${said.slice(-2_000)}`)));
  });
}
