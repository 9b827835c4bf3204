// The audit and the control file of a server in a process of its own, through real clients.
import { spawn as spawnProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StreamableHTTPClientTransport as ModernHttp } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAudit } from "../../src/control/audit.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { openClient } from "../../src/testing/clients/open-client.ts";
import { spawn, WIRES, type Wire } from "../../src/testing/index.ts";
import { verifyAudit } from "../../src/verify-audit.ts";
import { initialize, labMain, startLab } from "../fixtures/raw.ts";

let folder: string;
let audit: string;
let control: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "control-"));
  audit = join(folder, "audit.jsonl");
  control = join(folder, "control.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const records = () =>
  existsSync(audit)
    ? readFileSync(audit, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    : [];
const kept = () => records().map(({ what, outcome }) => `${what} ${outcome}`);
/** As an editor does: the new file takes the place of the old. */
const ask = (wanted: unknown): void => {
  writeFileSync(`${control}.new`, typeof wanted === "string" ? wanted : JSON.stringify(wanted));
  renameSync(`${control}.new`, control);
};

/** The lab with both files, and a real client of it. */
async function served(wire: Wire, args: string[] = []) {
  const all = [...args, "--control", control, "--audit", audit];
  const notes: string[] = [];
  const behaviour = { onNotification: (method: string) => notes.push(method) };
  let stderr = "";
  if (wire.startsWith("stdio")) {
    const client = await spawn(process.execPath, {
      args: [labMain, ...all],
      era: wire === "stdio-2025" ? "2025" : "2026",
      onStderr: (text) => {
        stderr += text;
      },
      ...behaviour,
    });
    return { client, notes, stderr: () => stderr, pid: client.pid, close: () => client.close() };
  }
  const lab = startLab(["--transport", "http", "--port", "0", ...all]);
  await lab.until((text) => text.includes("listens on"));
  const url = new URL(/http:\/\/\S+/.exec(lab.stderr())?.[0] as string);
  const client = await openClient(wire, wire === "http-2025" ? new LegacyHttp(url) : new ModernHttp(url), behaviour);
  return {
    client,
    notes,
    stderr: lab.stderr,
    pid: lab.child.pid as number,
    async close() {
      await client.close();
      lab.child.kill("SIGTERM");
      await lab.exited;
    },
  };
}

describe.each(WIRES)("%s", (wire) => {
  test("a switch of the profile: the client is told, tools are absent and refused, one record", async () => {
    // One wire has the server find out by itself, the others tell it.
    const { client, notes, pid, close } = await served(wire);
    if (wire.endsWith("2026")) await client.subscribe([]);
    expect((await client.tools()).length).toBeGreaterThan(5);
    ask({ profile: "read-only" });
    if (wire !== "stdio-2025") process.kill(pid, "SIGHUP");
    await expect.poll(() => notes).toContain("notifications/tools/list_changed");
    expect((await client.tools()).map(({ name }) => name)).toEqual(["echo"]);
    await expect(client.call("refuses")).rejects.toThrow("Unknown tool");
    expect((await client.call("echo", { text: "hi" })).isError).toBe(false);
    rmSync(control);
    if (wire !== "stdio-2025") process.kill(pid, "SIGHUP");
    await expect.poll(async () => (await client.tools()).length).toBeGreaterThan(5);
    await close();
    expect(records().filter(({ what }) => what === "profile")).toMatchObject([
      { before: null, after: "read-only", outcome: "applied" },
      { before: "read-only", after: null, outcome: "applied" },
    ]);
    expect(verifyAudit(audit).ok).toBe(true);
  });

  test("the audit cannot be written: the change is refused, calls go on, and it works when the file is back", async () => {
    const { client, stderr, pid, close } = await served(wire);
    // The 2026 SDK's client probes with a process that it ends; this one serves.
    await client.tools();
    renameSync(audit, `${audit}.away`);
    ask({ profile: "read-only", logLevel: "warn" });
    process.kill(pid, "SIGHUP");
    await expect.poll(stderr).toContain("control file refused: nothing was changed");
    expect((await client.tools()).length).toBeGreaterThan(5);
    expect((await client.call("echo", { text: "hi" })).isError).toBe(false);
    renameSync(`${audit}.away`, audit);
    process.kill(pid, "SIGHUP");
    await expect.poll(async () => (await client.tools()).length).toBe(1);
    await close();
    expect(kept()).toEqual(
      expect.arrayContaining(["profile refused", "log_level refused", "profile applied", "log_level applied"]),
    );
    expect(verifyAudit(audit).ok).toBe(true);
  });
});

test.each([
  ["no JSON", "{profile:", "it is not JSON"],
  ["an unknown key", { profil: "read-only" }, "profil"],
  ["an unknown profile", { profile: "everything", logLevel: "debug" }, 'there is no profile "everything"'],
  ["an unknown dependency", { breakers: { orders: "open" }, logLevel: "debug" }, 'there is no dependency "orders"'],
  ["a wrong level", { logLevel: "loud" }, "logLevel"],
])("a control file with %s changes nothing and is one line", async (_what, wanted, said) => {
  await using lab = startLab(["--control", control, "--audit", audit]);
  lab.write(initialize(0));
  await lab.lines.id(0);
  ask(wanted);
  lab.child.kill("SIGHUP");
  await lab.until((text) => text.includes("control file refused"));
  const lines = lab
    .stderr()
    .split("\n")
    .filter((line) => line.includes("control file refused"));
  expect(JSON.parse(lines[0] as string)).toMatchObject({ level: "error", reason: expect.stringContaining(said) });
  lab.child.stdin?.end();
  await lab.exited;
  expect(kept()).toEqual(["config applied"]);
});

test("a control file that is wrong at the start is refused, a missing one is not", async () => {
  writeFileSync(control, '{"profile":"nope"}');
  await using lab = startLab(["--control", control]);
  expect(await lab.exited).toEqual([2, null]);
  expect(lab.stderr()).toBe(
    `--control ${control}: there is no profile "nope". This server has: read-only, local, standard, strict.\n`,
  );
});

test.each([
  ["a name too long for any file", "n".repeat(300)],
  ["a file below a file", "file.json/x"],
])("a control file with %s is refused in one line that says what to do", async (_what, name) => {
  writeFileSync(join(folder, "file.json"), "{}");
  await using lab = startLab(["--control", join(folder, name)]);
  expect(await lab.exited).toEqual([2, null]);
  expect(lab.stderr()).toMatch(/^--control [^\n]*\(E[A-Z]+\)\. Name a file [^\n]*\n$/);
});

describe("the configuration", () => {
  const run = async (...args: string[]) => {
    await using lab = startLab(["--audit", audit, ...args]);
    lab.write(initialize(0));
    await lab.lines.id(0);
    lab.child.stdin?.end();
    await lab.exited;
  };

  test("is recorded when it is not the one last recorded, with what it was before", async () => {
    await run();
    await run();
    await run("--log-level", "warn", "--greeting", "password=hunter2");
    expect(kept()).toEqual(["config applied", "config applied"]);
    const [first, second] = records();
    expect(first).toMatchObject({ before: null, after: { logLevel: "info", greeting: "hello" } });
    expect(second).toMatchObject({ before: first.after, beforeHash: first.afterHash, after: { logLevel: "warn" } });
    expect(readFileSync(audit, "utf8")).not.toContain("hunter2");
  });

  test("a signal that drains the server is recorded", async () => {
    await using lab = startLab(["--audit", audit]);
    lab.write(initialize(0));
    await lab.lines.id(0);
    lab.child.kill("SIGTERM");
    expect(await lab.exited).toEqual([0, null]);
    expect(records().at(-1)).toMatchObject({ what: "drain", after: "draining" });
  });
});

test("two servers do not share an audit file", async () => {
  await using first = startLab(["--audit", audit]);
  first.write(initialize(0));
  await first.lines.id(0);
  await using second = startLab(["--audit", audit]);
  expect(await second.exited).toEqual([2, null]);
  expect(second.stderr()).toContain(`belongs to the process ${first.child.pid}`);
});

test("kill -9 while it appends: what was acknowledged is there, and the file opens again", async () => {
  const append = fileURLToPath(new URL("../fixtures/append.ts", import.meta.url));
  const acknowledged: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    const child = spawnProcess(process.execPath, [append, audit], { stdio: ["ignore", "pipe", "inherit"] });
    let seen = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      seen += text;
      if (seen.length > 65 * (20 + 37 * round)) child.kill("SIGKILL");
    });
    await once(child, "close");
    acknowledged.push(...seen.split("\n").filter((hash) => hash.length === 64));
    openAudit(audit, { log: createLog("silent") }).close();
    expect(verifyAudit(audit)).toMatchObject({ ok: true });
  }
  const hashes = new Set(records().map(({ hash }) => hash));
  expect(acknowledged.filter((hash) => !hashes.has(hash))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(100);
});
