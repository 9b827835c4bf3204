// Every command of every runbook, in its order, on a running server that has just that trouble.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runbook, type Scenario } from "../../src/telemetry/runbooks.ts";
import { createSlo } from "../../src/telemetry/slo.ts";
import type { TestClient } from "../../src/testing/client.ts";
import { openClient } from "../../src/testing/clients/open-client.ts";
import { requirements } from "../../src/testing/requirements.ts";

const LONG = process.env.OFFSHOOT_LONG === "1";
const root = fileURLToPath(new URL("../../../..", import.meta.url));
const main = fileURLToPath(new URL("./main.ts", import.meta.url));

let folder: string;
let log: string;
let child: ChildProcess;
let upstream: Server;
let url: string;
let client: TestClient;
/** Keys of the callers, where the scenario is about who may call. */
let keys: Record<"operator" | "leaked", string> | undefined;
/** How the orders service answers. */
let manner: { afterMs: number; status: number; body: object };
const well = { afterMs: 0, status: 200, body: { id: "1", status: "sent" } };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "runbook-"));
  log = join(folder, "server.log");
  manner = well;
  upstream = createServer((_request, response) => {
    const { afterMs, status, body } = manner;
    setTimeout(() => response.writeHead(status).end(JSON.stringify(body)), afterMs);
  });
  await once(upstream.listen(0, "127.0.0.1"), "listening");
  const orders = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const files = ["--audit", join(folder, "audit.jsonl"), "--control", join(folder, "control.json")];
  const guarded = expect.getState().currentTestName?.includes("access-policy-change") === true;
  keys = guarded ? { operator: addKey("operator"), leaked: addKey("leaked") } : undefined;
  writeFileSync(join(folder, "revoked.json"), "{}");
  const auth = guarded
    ? ["--auth", "keys", "--auth-keys", keyFile(), "--auth-revoked", join(folder, "revoked.json")]
    : [];
  const args = [main, "--transport", "http", "--port", "0", "--metrics", ...files, ...auth, "--orders", orders];
  // As the page says it: a shell sends stderr to a file.
  child = spawn("bash", ["-c", 'exec "$0" "$@" 2> "$LOG"', process.execPath, ...args], {
    env: { ...process.env, LOG: log },
    stdio: "ignore",
  });
  url = await logged(/listens on (http:\/\/[^/]+)\/mcp/);
  const headers: Record<string, string> = keys === undefined ? {} : { authorization: `Bearer ${keys.leaked}` };
  client = await openClient(
    "http-2026",
    new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }),
    {},
  );
});
const offshoot = join(root, "packages/create/src/offshoot.ts");
const keyFile = (): string => join(folder, "auth-keys.json");
const addKey = (name: string): string =>
  JSON.parse(execFileSync(process.execPath, [offshoot, "keys", "add", name, "--file", keyFile(), "--json"]).toString())
    .key;
afterEach(async () => {
  await client.close();
  child.kill("SIGTERM");
  await once(child, "exit");
  upstream.closeAllConnections();
  upstream.close();
  rmSync(folder, { recursive: true });
});

/** Waits until the log has it. */
async function logged(pattern: RegExp): Promise<string> {
  for (;;) {
    const match = existsSync(log) ? pattern.exec(readFileSync(log, "utf8")) : null;
    if (match !== null) return match[1] ?? match[0];
    await sleep(50);
  }
}

let orders = 0;
/** So many different orders at once: what is kept is no matter here. */
const read = (count: number) =>
  Promise.allSettled(
    Array.from({ length: count }, () => {
      orders += 1;
      return client.call("read_order", { id: `${orders}` });
    }),
  );

/** What brings each trouble about, and what the log then says. */
const scenarios: Record<Scenario, { begin: () => Promise<unknown>; alert?: string; said?: RegExp }> = {
  spike: {
    alert: "overloaded",
    async begin() {
      manner = { ...well, afterMs: 500 };
      await read(400);
      manner = well;
    },
  },
  "slow-dependency": {
    alert: "slow",
    said: /"what":"breaker".*"after":"open"/,
    async begin() {
      manner = { ...well, afterMs: 400 };
      await read(12);
      await logged(/"msg":"alert"/);
      manner = { ...well, status: 503 };
      await read(12);
    },
  },
  "incompatible-payloads": {
    alert: "internal_error",
    async begin() {
      manner = { ...well, body: { id: 1, state: "sent" } };
      await read(12);
      manner = well;
    },
  },
  "environment-drift": { begin: () => read(1) },
  "access-policy-change": { begin: () => read(3) },
  "background-backlog": {
    said: /"what":"degradation"/,
    async begin() {
      const more = async (): Promise<void> => {
        while (!readFileSync(log, "utf8").includes('"what":"degradation"'))
          await Promise.allSettled(Array.from({ length: 50 }, () => client.call("count_stock")));
      };
      // Not all at once, so that one always waits.
      await Promise.all([more(), sleep(100).then(more), sleep(200).then(more)]);
    },
  },
};

/** The fenced commands of a page, in their order. */
const commandsOf = (page: string): string[] =>
  [...readFileSync(join(root, page), "utf8").matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code]) => code as string);

async function run(commands: string[]): Promise<{ code: number; output: string }> {
  const given = [
    `npx() { test "$1" = create-offshoot; shift; "${process.execPath}" "${offshoot}" "$@"; }`,
    // What a page waits a second for is a signal, and the lines that it brings: they wait 10 ms for company.
    `look() { curl -fsS "$URL/healthz" "$URL/healthz" > /dev/null; }`,
    "sleep() { look && command sleep 0.05 && look; }",
    ...(LONG ? [] : [`pnpm() { printf 'pnpm %s\\n' "$*"; }`]),
  ];
  const script = [...given, "set -euo pipefail", `trap 'echo "failed: $BASH_COMMAND"' ERR`, ...commands].join("\n");
  const bash = spawn("bash", ["-c", script], {
    cwd: root,
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      URL: url,
      LOG: log,
      AUDIT: join(folder, "audit.jsonl"),
      CONTROL: join(folder, "control.json"),
      KEYS: keyFile(),
      REVOKED: join(folder, "revoked.json"),
      KEY: keys?.operator,
      LEAKED: keys?.leaked,
      CORE: "packages/core",
      TMPDIR: folder,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [bash.stdout, bash.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const [code] = (await once(bash, "close")) as [number];
  return { code, output };
}

/** A test or a drill that a page names, in the ordinary run: that it is there. With OFFSHOOT_LONG=1 it runs. */
function isThere(command: string): void {
  const drill = /^pnpm -s drill (\S+) --report \S+$/.exec(command)?.[1];
  if (drill !== undefined) {
    expect(readFileSync(join(root, "scripts/drill.mjs"), "utf8")).toContain(`\n  "${drill}",\n`);
    return;
  }
  const [, file, title] = /^pnpm -s --filter @offshoot\/notes exec vitest run (\S+) -t (.+)$/.exec(command) ?? [];
  expect(file, command).toBeDefined();
  expect(readFileSync(join(root, "templates/notes", file as string), "utf8")).toContain("testServerContract(");
  const suite = readFileSync(join(root, "packages/core/src/testing/contract.ts"), "utf8");
  expect(suite.includes(`"${title}`) || requirements.some(({ id }) => id === title), command).toBe(true);
}

// Signals to a process by its id, and a shell: what operators of a server have.
describe.skipIf(process.platform === "win32")("a runbook", () => {
  test.each(Object.entries(scenarios))(
    "%s: each of its commands runs",
    async (name, { begin, alert, said }) => {
      const page = runbook(name as Scenario);
      await begin();
      if (said !== undefined) await logged(said);
      if (alert !== undefined) {
        const line = JSON.parse(await logged(/^\{.*"msg":"alert"\}$/m));
        expect(line).toMatchObject({ state: "firing", cause: alert, runbook: page });
      }
      const commands = commandsOf(page);
      expect(commands.length).toBeGreaterThan(4);
      const { code, output } = await run(commands);
      expect(output).not.toContain("failed: ");
      expect(code).toBe(0);
      expect(output).toContain('{"ok":true,');
      if (LONG && output.includes('"drill"')) expect(output).toContain('"verdict":"pass"');
      if (!LONG)
        output
          .split("\n")
          .filter((line) => line.startsWith("pnpm "))
          .forEach(isThere);
    },
    120_000,
  );

  test("a command that does not run is told", async () => {
    expect(await run(["true", 'grep nothing-like-it "$LOG"', "echo on"])).toEqual({
      code: 1,
      output: 'failed: grep nothing-like-it "$LOG"\n',
    });
  });
});

test("there is a page for each scenario, all alike, and for whatever an alert names", () => {
  const pages = readdirSync(join(root, "docs/runbooks")).filter((name) => name !== "README.md");
  expect(pages.sort()).toEqual(
    Object.keys(scenarios)
      .map((name) => `${name}.md`)
      .sort(),
  );
  for (const name of Object.keys(scenarios)) {
    const text = readFileSync(join(root, runbook(name as Scenario)), "utf8");
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual([
      "Signal",
      "First",
      "What acts by itself",
      "Verify",
      "Roll back",
      "Tell",
      "Make it a test",
    ]);
  }
  for (const kind of ["internal_error", "overloaded", "deadline_exceeded", "slow"] as const) {
    const named: string[] = [];
    const slo = createSlo({}, (alert) => named.push(alert.runbook));
    for (let call = 0; call < 20; call += 1) slo.record(kind, call);
    expect(named).toHaveLength(1);
    expect(existsSync(join(root, named[0] as string))).toBe(true);
  }
});
