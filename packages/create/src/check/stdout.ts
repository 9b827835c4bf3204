import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { homeIn } from "../contract/built-server.ts";
import { builtBin, type Project } from "../project.ts";
import { reasonIn } from "../reason-in.ts";
import { Refusal } from "../terminal.ts";

/** Time for a server to answer two requests and to leave, in ms. */
const LIMIT_MS = 20_000;

/** A server that says more than this is ended. A list of a thousand tools is one line of some MB. */
const MAX_LINE = 64 * 2 ** 20;
const MAX_LINES = 10_000;
const MAX_STRAY = 20;

const REQUESTS = [
  {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "offshoot-check", version: "1.0.0" },
    },
  },
  { jsonrpc: "2.0", method: "notifications/initialized" },
  { jsonrpc: "2.0", id: 2, method: "tools/list", params: {} },
];

/**
 * Starts the built server in an empty folder, speaks with it byte by byte, and returns the lines of its stdout that are
 * no message of the protocol: one is enough for a client to hang up.
 */
export async function strayOutput(
  project: Project,
  args = project.marker.args ?? [],
): Promise<{ lines: number; stray: string[] }> {
  const home = mkdtempSync(join(tmpdir(), "offshoot-check-"));
  try {
    const child = spawn(process.execPath, [builtBin(project), ...args], {
      cwd: home,
      env: { ...process.env, ...homeIn(home) },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: LIMIT_MS,
    });
    let log = "";
    let lines = 0;
    let rest = "";
    let answered = false;
    const stray: string[] = [];
    const take = (line: string): void => {
      if (line === "") return;
      lines += 1;
      const id = idOf(line);
      if (id === undefined && stray.length < MAX_STRAY) stray.push(line);
      answered ||= id === 2;
      // The answer to the last request: its client leaves, and so must the server.
      if (answered) child.stdin.end();
      if (lines > MAX_LINES) child.kill();
    };
    child.stderr.setEncoding("utf8").on("data", (text) => (log = (log + text).slice(-MAX_LINE)));
    child.stdin.on("error", () => {});
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() as string;
      for (const line of parts) take(line);
      if (rest.length > MAX_LINE) child.kill();
    });
    for (const request of REQUESTS) child.stdin.write(`${JSON.stringify(request)}\n`);
    await new Promise((done) => child.on("close", done));
    take(rest);
    if (!answered) {
      const reason = reasonIn(log) || "no answer";
      throw new Refusal(
        `The built server did not answer: ${reason}`,
        'give it arguments after "--", or as "args" in offshoot.json.',
      );
    }
    return { lines, stray };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The id of a message of the protocol, null without one; `undefined` for what is no message. */
function idOf(line: string): unknown {
  try {
    const { jsonrpc, id = null } = JSON.parse(line);
    return jsonrpc === "2.0" ? id : undefined;
  } catch {
    return undefined;
  }
}
