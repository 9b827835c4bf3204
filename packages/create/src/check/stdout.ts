import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { homeIn } from "../contract/built-server.ts";
import { builtBin, type Project } from "../project.ts";
import { Refusal } from "../terminal.ts";

/** Time for a server to answer two requests and to leave, in ms. */
const LIMIT_MS = 20_000;

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
    let output = "";
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (log += text));
    child.stdin.on("error", () => {});
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      // The answer to the last request: its client leaves, and so must the server.
      if (output.split("\n").some((line) => isMessage(line) && JSON.parse(line).id === 2)) child.stdin.end();
    });
    for (const request of REQUESTS) child.stdin.write(`${JSON.stringify(request)}\n`);
    await new Promise((done) => child.on("close", done));
    const lines = output.split("\n").filter((line) => line !== "");
    if (!lines.some((line) => isMessage(line) && JSON.parse(line).id === 2)) {
      const reason = log.trim().split("\n").at(-1) || "no answer";
      throw new Refusal(
        `The built server did not answer: ${reason}`,
        'give it arguments after "--", or as "args" in offshoot.json.',
      );
    }
    return { lines: lines.length, stray: lines.filter((line) => !isMessage(line)) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function isMessage(line: string): boolean {
  try {
    return JSON.parse(line).jsonrpc === "2.0";
  } catch {
    return false;
  }
}
