// What only a process can show: pipes that close, signals, exit codes, and the purity of stdout.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { initialize, type Json, META, startLab, toolCall } from "./fixtures/raw.ts";

const hello = [initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" }];
const main = fileURLToPath(new URL("./fixtures/main.ts", import.meta.url));

/** Every call that was written so far runs: one after them has been answered. */
async function begun(lab: ReturnType<typeof startLab>): Promise<void> {
  lab.write(toolCall("begun", "echo", { text: "x" }));
  await lab.lines.id("begun");
}

describe("stdin EOF, SIGTERM, closed stdout", () => {
  test("stdin EOF: what is in flight is answered, then exit 0", async () => {
    await using lab = startLab();
    lab.write(...hello, toolCall(1, "slow", { ms: 100 }));
    await lab.lines.id(0);
    lab.child.stdin?.end();
    expect(await lab.exited).toEqual([0, null]);
    expect(lab.lines.all.find(({ id }: Json) => id === 1)).toMatchObject({ result: {} });
    expect(lab.stderr()).toContain("closed\n");
  });

  test("SIGTERM with 20 in flight: they are answered, and the exit is 0", async () => {
    await using lab = startLab();
    lab.write(...hello, ...Array.from({ length: 20 }, (_item, index) => toolCall(index + 1, "slow", { ms: 300 })));
    await begun(lab);
    lab.child.kill("SIGTERM");
    expect(await lab.exited).toEqual([0, null]);
    expect(lab.lines.all.filter(({ id, result }: Json) => id !== "begun" && id > 0 && result)).toHaveLength(20);
  });

  test("SIGTERM with a call that outlasts the time to drain: it is told so, and the exit is 0", async () => {
    await using lab = startLab();
    lab.write(...hello, toolCall(1, "slow", { ms: 600_000 }));
    await begun(lab);
    lab.child.kill("SIGTERM");
    expect(await lab.exited).toEqual([0, null]);
    expect(lab.lines.all.filter(({ id }: Json) => id === 1)).toMatchObject([{ error: { code: -32_000 } }]);
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("a second %s ends the process at once with %i", async (signal, code) => {
    await using lab = startLab();
    lab.write(...hello, toolCall(1, "slow", { ms: 600_000 }));
    await begun(lab);
    lab.child.kill(signal);
    await lab.until((text) => text.includes("a second signal"));
    lab.child.kill(signal);
    expect(await lab.exited).toEqual([code, null]);
  });

  test("stdout closed while requests go on: it exits without a crash trace", async () => {
    await using lab = startLab();
    lab.write(...hello);
    await lab.lines.id(0);
    lab.child.stdout?.destroy();
    const feed = setInterval(() => lab.write(toolCall(1, "echo", { text: "anyone?" })), 10);
    const [code] = await lab.exited;
    clearInterval(feed);
    expect(code).toBe(0);
    expect(lab.stderr()).not.toMatch(/EPIPE|\n {4}at /);
  });

  test("the parent is killed: the server is gone soon", async () => {
    const parent = spawn(
      process.execPath,
      [
        "-e",
        `const c=require("node:child_process").spawn(process.execPath,[${JSON.stringify(main)}],{stdio:["pipe","pipe","ignore"]});c.stdout.on("data",()=>console.log(c.pid));c.stdin.write(${JSON.stringify(`${JSON.stringify(initialize(0))}\n`)})`,
      ],
      {
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    const [chunk] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(chunk.toString());
    parent.kill("SIGKILL");
    const lives = (): boolean => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    };
    while (lives()) await sleep(20);
  });
});

test("console.log on stdio: it goes to stderr, and stdout carries only the protocol", async () => {
  await using lab = startLab();
  lab.write(...hello, toolCall(1, "prints"));
  expect(await lab.lines.id(1)).toMatchObject({ result: {} });
  await lab.until((text) => text.includes("raw output"));
  expect(lab.stderr()).toContain("debug output\n");
  for (const line of lab.lines.all) expect(line.jsonrpc).toBe("2.0");
});

test("nobody reads stderr: serving goes on", async () => {
  await using lab = startLab();
  lab.child.stderr?.pause();
  lab.write(...hello);
  for (let round = 0; round < 20; round += 1) {
    lab.write(
      ...Array.from({ length: 200 }, (_item, index) => toolCall(round * 200 + index + 1, "echo", { text: "x" })),
    );
    await lab.lines.id(round * 200 + 200);
  }
  expect(lab.lines.all.filter(({ result }: Json) => result?.structuredContent)).toHaveLength(4_000);
  lab.child.stdin?.end();
  expect((await lab.exited)[0]).toBe(0);
});

describe("settings", () => {
  const cases: [title: string, args: string[], env: Record<string, string>, line: RegExp][] = [
    ["an unknown flag", ["--prot", "3"], {}, /^lab: unknown flag --prot\. Did you mean --port\?/],
    [
      "an unknown variable",
      [],
      { LAB_PROT: "3" },
      /^lab: unknown setting LAB_PROT in the environment\. Did you mean LAB_PORT\?/,
    ],
    ["a wrong value", ["--transport", "carrier-pigeon"], {}, /^lab: --transport is wrong: .*"stdio"/],
    ["a wrong variable", [], { LAB_PORT: "many" }, /^lab: LAB_PORT is wrong/],
    ["a flag without its value", ["--port"], {}, /^lab: --port needs a value/],
    ["a flag given twice", ["--port", "1", "--port", "2"], {}, /^lab: --port is given twice/],
    ["a stray word", ["serve"], {}, /^lab: unexpected argument "serve"/],
    ["an unknown profile", ["--profile", "root"], {}, /^--profile root is unknown\. Choose one of: read-only/],
    [
      "a host that others can reach",
      ["--transport", "http", "--host", "0.0.0.0", "--port", "0"],
      {},
      /^--host 0\.0\.0\.0 can be reached by others and nobody authenticates\..*--insecure/,
    ],
  ];
  test.each(cases)("%s stops the start with one line and exit code 2", async (_title, args, env, line) => {
    await using lab = startLab(args, env);
    expect(await lab.exited).toEqual([2, null]);
    expect(lab.stderr()).toMatch(line);
    expect(lab.stderr().trim().split("\n")).toHaveLength(1);
    expect(lab.lines.all).toEqual([]);
  });

  test("a port in use is one line and exit code 1", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    await using lab = startLab(["--transport", "http", "--port", String(port)]);
    expect(await lab.exited).toEqual([1, null]);
    expect(lab.stderr()).toBe(
      `Port ${port} on 127.0.0.1 is in use. Stop what uses it, or choose another with --port.\n`,
    );
    taken.close();
  });

  test("a twin in the environment works, and a flag wins over it", async () => {
    await using lab = startLab(["--transport", "http", "--port", "0"], {
      LAB_TRANSPORT: "stdio",
      LAB_LOG_LEVEL: "silent",
    });
    await lab.until((text) => text.includes("listens on http://127.0.0.1:"));
    lab.child.kill("SIGTERM");
    expect(await lab.exited).toEqual([0, null]);
  });

  test.each([
    ["--help", /--transport <stdio\|http>[\s\S]*--greeting|--greeting[\s\S]*--transport <stdio\|http>/],
    ["-h", /LAB_LOG_LEVEL[\s\S]*Examples:[\s\S]*serve over HTTP/],
    ["--version", /^1\.0\.0\n$/],
  ])("%s prints and exits 0", async (flag, text) => {
    const child = spawn(process.execPath, [main, flag], { stdio: ["ignore", "pipe", "pipe"] });
    let printed = "";
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk;
    });
    expect(await once(child, "close")).toEqual([0, null]);
    expect(printed).toMatch(text);
  });
});

test("both eras answer a raw client on one pipe", async () => {
  await using lab = startLab();
  lab.write(toolCall(1, "echo", { text: "2026" }, META));
  expect(await lab.lines.id(1)).toMatchObject({ result: { resultType: "complete" } });
  lab.write(...hello, toolCall(2, "echo", { text: "2025" }));
  expect(await lab.lines.id(2)).toMatchObject({ result: { structuredContent: { text: "2025" } } });
});
