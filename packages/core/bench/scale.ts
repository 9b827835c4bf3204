// `pnpm bench scale`: what grows, and what stays flat. A server of 1 to 1,000 tools; the heap after 10,000 and 50,000
// calls on each wire, and that of a session. The heap is what a collection leaves, by the server's own account.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent } from "node:http";
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { cpuOf } from "./accounting.ts";
import { type Arm, grown } from "./arms.ts";
import { start } from "./client.ts";
import { callTools, listTools } from "./conversation.ts";
import { CONNECTIONS, speak } from "./http.ts";

const TOOLS = [1, 10, 100, 1_000];
const LISTS = 200;
const CALLS = [10_000, 50_000];
const SESSIONS = 500;

const collect =
  "process.on('SIGUSR2', () => { gc(); process.stderr.write('heap ' + process.memoryUsage().heapUsed + ' bytes\\n'); })";
/** Has a server collect its garbage and say what is left, on SIGUSR2. */
const TELLS_HEAP = ["--expose-gc", "--import", `data:text/javascript,${encodeURIComponent(collect)}`];

/** Rows as they are measured. */
export async function* measureScale(): AsyncGenerator<string> {
  for (const tools of TOOLS) yield await measureTools(tools);
  for (const arm of grown.stdio) yield await measureStdio(arm);
  for (const arm of grown.http) yield* measureHttp(arm);
}

/** CPU until a server has answered its handshake, for its first list, and for the first page of that again. */
async function measureTools(tools: number): Promise<string> {
  const client = start([grown.many, String(tools)]);
  try {
    const cpu = (): number => cpuOf(client.pid) ?? Number.NaN;
    const clientInfo = { name: "bench", version: "1.0.0" };
    await client.request(1, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
    const begun = cpu();
    await client.request(2, "tools/list", {});
    const listed = cpu();
    for (let id = 3; id < 3 + LISTS; id += 1) await client.request(id, "tools/list", {});
    const again = ((cpu() - listed) / LISTS) * 1_000;
    return `${`${tools} tools`.padEnd(24)}${begun.toFixed(0)} ms of CPU to the handshake, ${(listed - begun).toFixed(1)} ms for the first page, ${again.toFixed(0)} µs for it again`;
  } finally {
    await client.end();
  }
}

async function measureStdio(arm: Arm): Promise<string> {
  const client = start([...TELLS_HEAP, ...arm.args]);
  try {
    await listTools(client, arm);
    const run = (first: number, count: number) => callTools(client, arm, first, count);
    return row(arm.name, await heaps(client, run));
  } finally {
    await client.end();
  }
}

async function* measureHttp(arm: Arm): AsyncGenerator<string> {
  const child = spawn(process.execPath, [...TELLS_HEAP, ...arm.args], { stdio: ["ignore", "ignore", "pipe"] });
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    const { run, another } = await speak(child, agent, arm);
    const server = { pid: child.pid as number, stderr: child.stderr };
    const left = await heaps(server, run);
    yield row(`HTTP: ${arm.name}`, left);
    if (arm.stateless || arm.era === "2026") return;
    for (let session = 0; session < SESSIONS; session += 1) await another();
    const bytes = (await heapOf(server)) - (left.at(-1) as number);
    yield `${"a session".padEnd(24)}${(bytes / SESSIONS / 1_024).toFixed(1)} kB of heap, the mean of ${SESSIONS}`;
  } finally {
    agent.destroy();
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

interface Server {
  readonly pid: number;
  readonly stderr: Readable;
}

/** The heap after each of {@link CALLS}. */
async function heaps(server: Server, run: (first: number, count: number) => Promise<void>): Promise<number[]> {
  const left: number[] = [];
  let made = 0;
  for (const calls of CALLS) {
    await run(10 + made, calls - made);
    made = calls;
    left.push(await heapOf(server));
  }
  return left;
}

async function heapOf({ pid, stderr }: Server): Promise<number> {
  // What is still behind the last answer.
  await wait(100);
  process.kill(pid, "SIGUSR2");
  let said = "";
  for (;;) {
    const [chunk] = await once(stderr, "data");
    said += chunk;
    const bytes = /heap (\d+) bytes/.exec(said)?.[1];
    if (bytes !== undefined) return Number(bytes);
  }
}

const row = (name: string, left: readonly number[]): string =>
  `${name.padEnd(24)}${left.map((bytes, index) => `${(bytes / 1_048_576).toFixed(1)} MB after ${CALLS[index]} calls`).join(", ")}`;
