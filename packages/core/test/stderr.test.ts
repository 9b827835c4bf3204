// What a server says of itself is optional: it serves on when nobody takes it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { hostileErrors, SECRET } from "./fixtures/hostile.ts";
import { initialize, Lines, META, startServer, toolCall } from "./fixtures/raw.ts";

const main = fileURLToPath(new URL("./fixtures/broken.main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "offshoot-stderr-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Where a process listens: it may not be able to say so. */
function portOf(pid: number): number | undefined {
  const sockets = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return /socket:\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
    } catch {
      return undefined;
    }
  });
  for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n")) {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state === "0A" && sockets.includes(inode)) return Number.parseInt(local.split(":")[1] as string, 16);
  }
  return undefined;
}

/** How stderr is not taken. `break` runs once the server answers. */
const STDERR: Record<string, { stdio: () => "pipe" | number; break?: (child: ChildProcess) => void }> = {
  "goes away": { stdio: () => "pipe", break: (child) => child.stderr?.destroy() },
  "is a full disk": { stdio: () => openSync("/dev/full", "w") },
  "is never read": { stdio: () => "pipe" },
};

const rssOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;

describe.runIf(process.platform === "linux").each(Object.keys(STDERR))("a stderr that %s", (how) => {
  const { stdio, break: breakIt } = STDERR[how] as (typeof STDERR)[string];

  test("stdio: calls go on, no memory is kept, and the end is in order", async () => {
    const child = spawn(process.execPath, [main], { stdio: ["pipe", "pipe", stdio()] });
    const lines = new Lines();
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => lines.take(chunk));
    const exited = once(child, "exit");
    const write = (message: object) => child.stdin?.write(`${JSON.stringify(message)}\n`);
    write(initialize(0));
    await lines.id(0);
    breakIt?.(child);
    for (let id = 1; id <= 10; id += 1) {
      write(toolCall(id, "chatter", { megabytes: id < 5 ? 0.1 : 8 }));
      expect((await lines.id(id)).result).toBeDefined();
    }
    expect(rssOf(child.pid as number)).toBeLessThan(300);
    child.stdin?.end();
    expect(await exited).toEqual([0, null]);
  });

  test("HTTP: calls go on, and the lines that were lost are counted", async () => {
    const child = spawn(process.execPath, [main, "--transport", "http", "--port", "0", "--metrics"], {
      stdio: ["ignore", "ignore", stdio()],
    });
    const exited = once(child, "exit");
    await expect.poll(() => portOf(child.pid as number)).toBeDefined();
    const url = `http://127.0.0.1:${portOf(child.pid as number)}`;
    breakIt?.(child);
    for (let id = 1; id <= 10; id += 1) {
      const response = await fetch(`${url}/mcp`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "tools/call",
          "mcp-name": "chatter",
        },
        body: JSON.stringify(toolCall(id, "chatter", { megabytes: 2 }, META)),
      });
      expect(await response.text()).toContain("structuredContent");
    }
    await expect
      .poll(async () => Number(/offshoot_log_lost_\S* (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1]))
      .toBeGreaterThan(0);
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  });
});

test("a reader that comes back is told how many lines it missed", async () => {
  const child = spawn(process.execPath, [main], { stdio: ["pipe", "pipe", "pipe"] });
  const lines = new Lines();
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => lines.take(chunk));
  const exited = once(child, "exit");
  const write = (message: object) => child.stdin?.write(`${JSON.stringify(message)}\n`);
  write(initialize(0));
  await lines.id(0);
  for (let id = 1; id <= 5; id += 1) write(toolCall(id, "chatter", { megabytes: 4 }));
  await lines.id(5);
  for (let id = 6; id <= 400; id += 1) write(toolCall(id, "rss"));
  await lines.id(400);
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  await expect
    .poll(() => {
      write(toolCall(performance.now() | 0, "rss"));
      return stderr;
    })
    .toContain("stderr did not take them");
  child.stdin?.end();
  expect(await exited).toEqual([0, null]);
});

describe("what is thrown outside of a call", () => {
  const closed = join(folder, "closed");
  const kinds = [
    "an error",
    "a frozen error",
    "a proxy of an error",
    "null",
    "a symbol",
    "an error whose stack throws",
  ];

  test.each(kinds)("%s, by a timer: one scrubbed line, onClose runs, exit 1", async (kind) => {
    const file = `${closed}-${kinds.indexOf(kind)}`;
    await using server = startServer([main, "--closed", file]);
    server.write(initialize(0), toolCall(1, "throw_later", { kind }));
    expect((await server.lines.id(1)).result).toBeDefined();
    expect(await server.exited).toEqual([1, null]);
    const said = server
      .stderr()
      .split("\n")
      .filter((line) => line.includes("uncaught exception: the server stops"));
    expect(said).toHaveLength(1);
    expect(JSON.parse(said[0] as string)).toMatchObject({ level: "error", err: expect.anything() });
    expect(server.stderr()).not.toContain(SECRET);
    for (const line of server.stderr().trim().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
    expect(existsSync(file)).toBe(true);
  });

  test("a promise that nobody awaits: one scrubbed line each, and the server serves on", async () => {
    const names = Object.keys(hostileErrors).filter((kind) => !kind.includes(" MB "));
    await using server = startServer([main]);
    server.write(initialize(0), ...names.map((kind, index) => toolCall(index + 1, "reject_later", { kind })));
    await server.until((text) => text.split("unhandled rejection").length > names.length);
    server.write(toolCall(1_000, "rss"));
    await server.lines.id(1_000);
    expect(server.stderr()).not.toContain(SECRET);
    server.child.stdin?.end();
    expect(await server.exited).toEqual([0, null]);
    expect(server.stderr().split("unhandled rejection")).toHaveLength(names.length + 1);
  });
});
