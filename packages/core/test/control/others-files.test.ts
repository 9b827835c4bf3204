// What `--audit` and `--control` name may be anything. It is looked at before it is touched.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { openAudit } from "../../src/control/audit.ts";
import { followControlFile } from "../../src/control/control-file.ts";
import { verifyAudit } from "../../src/control/verify.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createLab } from "../fixtures/lab.ts";
import { initialize, startLab, toolCall } from "../fixtures/raw.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "offshoot-files-"));
  file = join(folder, "named");
});
afterEach(() => rmSync(folder, { recursive: true }));

const root = process.getuid?.() === 0;
const lab = (...args: string[]) => startLab(args);

/** Everything in a folder: names, kinds, owners, modes, and the bytes of what is a file. */
function everything(under = folder): unknown[] {
  return readdirSync(under)
    .sort()
    .flatMap((name) => {
      const path = join(under, name);
      const stats = lstatSync(path);
      const content = stats.isFile() ? readFileSync(path, "latin1") : stats.isSymbolicLink() ? readlinkSync(path) : "";
      const entry = [path, stats.mode, stats.uid, stats.ino, content];
      return stats.isDirectory() ? [entry, ...everything(path)] : [entry];
    });
}

/** A real audit with two records. */
function auditAt(path: string): void {
  const audit = openAudit(path, { log: createLog("silent") });
  for (const after of ["a", "b"]) audit.record([{ what: "profile", before: null, after, by: "uid 1" }]);
  audit.close();
}

/** Arguments are evaluated from the left. */
const inOrder = (..._done: unknown[]): void => {};

const wrong: Record<string, [make: () => void, said: RegExp]> = {
  "a text without a final newline": [() => writeFileSync(file, "buy milk"), /another kind of file/],
  "a text of many lines": [() => writeFileSync(file, "buy milk\nand eggs\n"), /another kind of file/],
  "a text of many lines without a final newline": [
    () => writeFileSync(file, "buy milk\nand eggs"),
    /another kind of file/,
  ],
  "JSON lines of another kind": [() => writeFileSync(file, '{"level":"info"}\n{"level":'), /another kind of file/],
  "JSON that begins as a record does": [() => writeFileSync(file, '{"seq":2,"at":'), /another kind of file/],
  bytes: [() => writeFileSync(file, Buffer.from([0, 255, 10, 0])), /another kind of file/],
  "a database": [() => writeFileSync(file, `SQLite format 3\0${"\0".repeat(4_000)}`), /another kind of file/],
  "a link to an audit": [() => inOrder(auditAt(join(folder, "real")), symlinkSync("real", file)), /is a link/],
  "a link to a text": [() => inOrder(writeFileSync(join(folder, "real"), "x"), symlinkSync("real", file)), /is a link/],
  "a link to nothing": [() => symlinkSync("nowhere", file), /is a link/],
  "a pipe": [() => void execFileSync("mkfifo", [file]), /not a regular file/],
  "a folder": [() => mkdirSync(file), /not a regular file/],
  "an audit that the group can write": [
    () => inOrder(auditAt(file), chmodSync(file, 0o660)),
    /can be written by others.*chmod go-w/,
  ],
  "an audit that anyone can write": [() => inOrder(auditAt(file), chmodSync(file, 0o606)), /can be written by others/],
  "an audit whose lock is another file": [
    () => inOrder(auditAt(file), writeFileSync(`${file}.lock`, "left-pad@1.0.0:\n")),
    /named\.lock is in the way/,
  ],
  "an audit whose lock is a pipe": [
    () => inOrder(auditAt(file), void execFileSync("mkfifo", [`${file}.lock`])),
    /in the way/,
  ],
  "an audit whose lock is a link": [
    () => inOrder(auditAt(file), writeFileSync(join(folder, "real"), "1"), symlinkSync("real", `${file}.lock`)),
    /in the way/,
  ],
  ...(root && {
    "an audit of another user": [
      () => inOrder(auditAt(file), chownSync(file, 65_534, 65_534)),
      /belongs to another user \(uid 65534/,
    ],
  }),
};

describe("--audit names", () => {
  test.each(Object.keys(wrong))("%s: refused in one line, and nothing is changed", async (what) => {
    const [make, said] = wrong[what] as (typeof wrong)[string];
    make();
    const before = everything();
    // A pipe that is waited for would stop the tests too: that one is tried on a process.
    if (what.includes("pipe")) {
      await using server = lab("--audit", file);
      expect(await server.exited).toEqual([2, null]);
      expect(server.stderr()).toMatch(said);
      expect(server.stderr().trim().split("\n")).toHaveLength(1);
    } else {
      expect(() => openAudit(file, { log: createLog("silent") })).toThrow(said);
    }
    expect(everything()).toEqual(before);
  });

  test("a socket: refused, and nothing is changed", async () => {
    const socket = createServer().listen(file);
    await new Promise((resolve) => socket.once("listening", resolve));
    await using server = lab("--audit", file);
    expect(await server.exited).toEqual([2, null]);
    expect(server.stderr()).toMatch(/not a regular file/);
    socket.close();
  });

  test("a device: refused, and not opened", async () => {
    await using server = lab("--audit", "/dev/null");
    expect(await server.exited).toEqual([2, null]);
    expect(server.stderr()).toMatch(/not a regular file/);
    expect(readdirSync("/dev")).not.toContain("null.lock");
  });

  test.each([
    ["nothing", () => {}],
    ["an empty file", () => writeFileSync(file, "", { mode: 0o600 })],
    ["the first bytes of a first record", () => writeFileSync(file, '{"seq":1,"at":"2026', { mode: 0o600 })],
    ["an audit", () => auditAt(file)],
    [
      "an audit whose last line was cut",
      () => inOrder(auditAt(file), writeFileSync(file, readFileSync(file).subarray(0, -40))),
    ],
    [
      "an audit whose last line the disk lost",
      () => inOrder(auditAt(file), writeFileSync(file, "\0".repeat(80), { flag: "a" })),
    ],
    ["an audit with a lock that is empty", () => inOrder(auditAt(file), writeFileSync(`${file}.lock`, ""))],
  ])("%s: used, and what was cut is kept aside", async (_what, make) => {
    make();
    const before = readFileSync(file, { flag: "a+" });
    openAudit(file, { log: createLog("silent") }).close();
    expect(verifyAudit(file).ok).toBe(true);
    const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
    const whole = before.lastIndexOf(10) + 1;
    expect(kept.some((text) => text.startsWith(before.toString("latin1", 0, whole)))).toBe(true);
    expect(kept.some((text) => text.endsWith(before.toString("latin1", whole)))).toBe(true);
  });

  test("a link in place of the file while it serves: nothing is written through it", async () => {
    const other = join(folder, "other");
    writeFileSync(other, "");
    const log: string[] = [];
    const audit = openAudit(file, { log: createLog("info", { write: (line) => log.push(line) }) });
    renameSync(file, join(folder, "moved"));
    symlinkSync(other, file);
    const event = { what: "profile", before: null, after: "x", by: "uid 1" } as const;
    expect(() => audit.record([event])).toThrow(/replaced by another file/);
    audit.close();
    expect(readFileSync(other, "utf8")).toBe("");
  });
});

const wanted = '{"profile":"read-only"}';
const wrongControl: Record<string, [make: () => void, said: RegExp]> = {
  "a pipe": [() => void execFileSync("mkfifo", [file]), /not a regular file/],
  "a folder": [() => mkdirSync(file), /not a regular file/],
  "a link": [() => inOrder(writeFileSync(join(folder, "real"), wanted), symlinkSync("real", file)), /is a link/],
  "a link to a device": [() => symlinkSync("/dev/zero", file), /is a link/],
  "a file that the group can write": [
    () => inOrder(writeFileSync(file, wanted), chmodSync(file, 0o664)),
    /can be written by others/,
  ],
  "a file that anyone can write": [
    () => inOrder(writeFileSync(file, wanted), chmodSync(file, 0o646)),
    /can be written by others/,
  ],
  "a file of 2 MB": [() => writeFileSync(file, `{"profile":"read-only"${" ".repeat(2_000_000)}}`), /bytes, more than/],
  ...(root && {
    "a file of another user": [
      () => inOrder(writeFileSync(file, wanted), chownSync(file, 65_534, 65_534)),
      /belongs to another user/,
    ],
  }),
};

describe("--control names", () => {
  test.each(Object.keys(wrongControl))("%s: refused at the start in one line", async (what) => {
    const [make, said] = wrongControl[what] as (typeof wrongControl)[string];
    make();
    if (what === "a pipe") {
      await using server = lab("--control", file);
      expect(await server.exited).toEqual([2, null]);
      expect(server.stderr()).toMatch(said);
      expect(server.stderr().trim().split("\n")).toHaveLength(1);
    } else {
      const app = createApp(createLab().server, { log: createLog("silent") });
      expect(() => followControlFile(file, app)).toThrow(said);
    }
  });

  test.each(["a pipe", "a link to a device", "a file that anyone can write"])(
    "%s, in its place while it serves: refused, and calls go on",
    async (what) => {
      const [make, said] = wrongControl[what] as (typeof wrongControl)[string];
      await using server = lab("--control", file);
      server.write(initialize(0));
      await server.lines.id(0);
      make();
      server.child.kill("SIGHUP");
      await server.until((text) => text.includes("control file refused"));
      expect(server.stderr()).toMatch(said);
      server.write(toolCall(1, "refuses"), { jsonrpc: "2.0", id: 2, method: "tools/list" });
      expect((await server.lines.id(1)).result.isError).toBe(true);
      expect((await server.lines.id(2)).result.tools.length).toBeGreaterThan(1);
      // And what is right afterwards is followed.
      rmSync(file, { recursive: true });
      writeFileSync(`${file}.new`, wanted, { mode: 0o600 });
      renameSync(`${file}.new`, file);
      server.child.kill("SIGHUP");
      await server.until((text) => text.includes('"after":"read-only"'));
    },
  );
});
