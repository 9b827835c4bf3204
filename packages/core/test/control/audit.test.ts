// The audit: a chain of records that shows every tampering, and what happens when its disk does not play along.
import { execFileSync } from "node:child_process";
import fs, { appendFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AuditOptions, openAudit } from "../../src/control/audit.ts";
import { type ControlEvent, createControlEvents } from "../../src/control/events.ts";
import type { SinkFiles } from "../../src/control/sink.ts";
import { chain } from "../../src/control/verify.ts";
import { instanceName } from "../../src/instance.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { verifyAudit } from "../../src/verify-audit.ts";

let folder: string;
let file: string;
let log: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "audit-"));
  file = join(folder, "audit.jsonl");
  log = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (options: Partial<AuditOptions> = {}) =>
  openAudit(file, { log: createLog("info", { write: (line) => log.push(line) }), retryMs: 5, ...options });
const change = (changes: Partial<ControlEvent> = {}): ControlEvent => ({
  what: "profile",
  before: null,
  after: "read-only",
  by: "uid 1000",
  ...changes,
});
const lines = (): string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);
const records = () => lines().map((line) => JSON.parse(line));

/** A file with some records, and its head. */
function written(count = 5): { bytes: Buffer; head: string } {
  const audit = open();
  for (let at = 0; at < count; at += 1) audit.record([change({ before: at, after: at + 1, reason: "ünïcode\u2028" })]);
  audit.close();
  return { bytes: readFileSync(file), head: audit.head };
}

describe("the chain", () => {
  test("a record says who changed what from what to what, and follows the one before", () => {
    const audit = open();
    audit.record([change(), change({ what: "breaker", name: "orders", before: "auto", after: "forced open" })]);
    audit.close();
    const [first, second] = records();
    expect(first).toEqual({
      seq: 1,
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      instance: instanceName(),
      who: "uid 1000",
      what: "profile",
      before: null,
      after: "read-only",
      beforeHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      afterHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      outcome: "applied",
      prev: "0".repeat(64),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(second).toMatchObject({ seq: 2, what: "breaker", name: "orders", prev: first.hash });
    expect(verifyAudit(file, { head: second.hash })).toEqual({ ok: true, records: 2, head: second.hash });
    expect(verifyAudit(lines())).toMatchObject({ ok: true, records: 2 });
  });

  test("secrets are neither in the values nor in the reason", () => {
    const audit = open();
    audit.record([
      change({ after: { password: "hunter2", url: "postgres://app:hunter2@db/x" }, reason: "token=hunter2hunter2" }),
    ]);
    audit.close();
    expect(readFileSync(file, "utf8")).not.toContain("hunter2");
    expect(verifyAudit(file).ok).toBe(true);
  });

  test("it goes on where it ended", () => {
    const { head } = written(3);
    const audit = open();
    audit.record([change()]);
    audit.close();
    expect(records()[3]).toMatchObject({ seq: 4, prev: head });
    expect(verifyAudit(file, { head })).toMatchObject({ ok: true, records: 4 });
  });
});

test("a file whose records name no instance, as they once did not, goes on and stays whole", () => {
  written(1);
  const { instance: _, hash: __, ...old } = records()[0];
  writeFileSync(file, chain(old).line, { mode: 0o600 });
  const audit = open();
  audit.record([change()]);
  audit.close();
  expect(records().map(({ instance }) => instance)).toEqual([undefined, instanceName()]);
  expect(verifyAudit(file)).toMatchObject({ ok: true, records: 2 });
});

describe("verify", () => {
  test("finds any byte that was changed, with and without the head", () => {
    const { bytes, head } = written();
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ flip;
        writeFileSync(file, changed);
        expect(verifyAudit(file).ok).toBe(false);
        expect(verifyAudit(file, { head }).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test("finds records that were removed, moved or doubled, and says where", () => {
    written(6);
    const all = lines();
    fc.assert(
      fc.property(fc.nat(4), fc.nat(5), (from, to) => {
        const without = all.filter((_line, at) => at !== from);
        expect(verifyAudit(without)).toMatchObject({ ok: false, problem: { line: from + 1 } });
        expect(verifyAudit([...all.slice(0, from + 1), ...all.slice(from)])).toMatchObject({
          ok: false,
          problem: { line: from + 2 },
        });
        if (from === to) return;
        const moved = [...without.slice(0, to), all[from] as string, ...without.slice(to)];
        expect(verifyAudit(moved).ok).toBe(moved.every((line, at) => line === all[at]));
      }),
    );
  });

  test("finds that the end is missing when it is told the head, and only then", () => {
    const { bytes, head } = written(6);
    const all = lines();
    for (let kept = 0; kept < all.length; kept += 1) {
      expect(verifyAudit(all.slice(0, kept)).ok).toBe(true);
      expect(verifyAudit(all.slice(0, kept), { head })).toMatchObject({
        ok: false,
        problem: { what: expect.stringContaining("the head is missing") },
      });
    }
    for (const cut of [1, 2, 40, 200]) {
      writeFileSync(file, bytes.subarray(0, bytes.length - cut));
      expect(verifyAudit(file)).toMatchObject({ ok: false, records: 5, problem: { line: 6 } });
    }
  });

  test("finds that all was written again, by the head", () => {
    const { head } = written(4);
    rmSync(file);
    written(4);
    expect(verifyAudit(file).ok).toBe(true);
    expect(verifyAudit(file, { head }).ok).toBe(false);
  });

  test("runs from a shell", () => {
    const { head } = written(2);
    const script = fileURLToPath(new URL("../../src/verify-audit.ts", import.meta.url));
    const run = (...args: string[]) => {
      try {
        return [0, execFileSync(process.execPath, [script, ...args], { encoding: "utf8", stdio: "pipe" })];
      } catch (error) {
        const { status, stdout } = error as { status: number; stdout: string };
        return [status, stdout];
      }
    };
    expect(run(file, "--head", head)).toEqual([0, `${JSON.stringify({ ok: true, records: 2, head })}\n`]);
    expect(run(file, "--head", "f".repeat(64))[0]).toBe(1);
    appendFileSync(file, "{}\n");
    expect(run(file)).toEqual([1, expect.stringContaining('"line":3')]);
    expect(run()[0]).toBe(2);
    expect(run(join(folder, "none"))[0]).toBe(2);
  });

  test("needs nothing but Node", () => {
    const source = readFileSync(new URL("../../src/control/verify.ts", import.meta.url), "utf8");
    expect(source.match(/from "[^"]+"/g)).toEqual(['from "node:crypto"', 'from "node:fs"']);
  });
});

describe("opening", () => {
  test("a line that was not written whole is moved aside, reported and recorded", () => {
    written(2);
    appendFileSync(file, '{"seq":3,"at":"20');
    const audit = open();
    audit.close();
    expect(log.join("")).toContain("was not whole and was moved aside");
    const [, , found] = records();
    expect(found).toMatchObject({ what: "audit", who: "server", after: { bytes: 17 } });
    expect(readFileSync(found.after.file, "utf8")).toBe('{"seq":3,"at":"20');
    expect(verifyAudit(file)).toMatchObject({ ok: true, records: 3 });
  });

  test("a file that was tampered with is refused, and left as it is", () => {
    const { bytes } = written(3);
    const tampered = Buffer.from(bytes.toString("latin1").replace('"after":1', '"after":9'), "latin1");
    writeFileSync(file, tampered);
    expect(() => open()).toThrow(/is not as it was written \(line 1: the record was changed/);
    expect(readFileSync(file).equals(tampered)).toBe(true);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  test("a second one on the same file is refused, and the file is free after the first", () => {
    const audit = open();
    expect(() => open()).toThrow(`belongs to the process ${process.pid}`);
    audit.close();
    open().close();
  });

  test("a lock of a process that is gone is taken over, one of a living process is not", () => {
    const gone = execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }).trim();
    writeFileSync(`${file}.lock`, gone);
    open().close();
    writeFileSync(`${file}.lock`, String(process.ppid));
    expect(() => open()).toThrow(`belongs to the process ${process.ppid}`);
  });

  test("what cannot be opened is one line", () => {
    file = join(folder, "no", "such", "folder");
    expect(() => open()).toThrow(/^--audit .* cannot be written: ENOENT/);
  });
});

describe("the file cannot be written", () => {
  /** A disk with a switch. */
  function disk() {
    let broken: "write" | "half" | "sync" | undefined;
    const fail = (code: string): never => {
      throw Object.assign(new Error(`${code}: no space left on device`), { code });
    };
    const files: SinkFiles = {
      ...fs,
      writeSync: ((fd: number, bytes: Buffer, offset: number) => {
        if (broken === "write") fail("ENOSPC");
        if (broken === "half") {
          fs.writeSync(fd, bytes, offset, 20);
          fail("ENOSPC");
        }
        return fs.writeSync(fd, bytes, offset);
      }) as typeof fs.writeSync,
      fsyncSync: (fd) => (broken === "sync" ? fail("EIO") : fs.fsyncSync(fd)),
    };
    return {
      files,
      breaks(how: typeof broken) {
        broken = how;
      },
    };
  }

  test.each(["write", "half", "sync"] as const)(
    "%s: a person's change is refused, and recorded as refused later",
    async (how) => {
      const { files, breaks } = disk();
      const audit = open({ files });
      audit.record([change()]);
      breaks(how);
      expect(() => audit.record([change({ after: "everything" })])).toThrow(/^Refused: the audit cannot be written/);
      expect(log.map((line) => JSON.parse(line))).toContainEqual(
        expect.objectContaining({ level: "error", msg: "the audit cannot be written" }),
      );
      breaks(undefined);
      await expect.poll(() => audit.waiting).toBe(0);
      audit.close();
      expect(records().map(({ after, outcome }) => [after, outcome])).toEqual([
        ["read-only", "applied"],
        ["everything", "refused"],
      ]);
      expect(verifyAudit(file, { head: audit.head })).toMatchObject({ ok: true, records: 2 });
    },
  );

  test("a safeguard's transitions go on, and each is recorded once, in order, when the disk is back", async () => {
    const { files, breaks } = disk();
    const control = createControlEvents();
    const audit = open({ files });
    control.keep(audit.record);
    const heard: unknown[] = [];
    control.listen(({ after }) => heard.push(after));
    breaks("half");
    for (let at = 0; at < 50; at += 1) control.emit({ what: "degradation", before: at, after: at + 1, by: "server" });
    expect(heard).toHaveLength(50);
    await expect.poll(() => log.join("")).toContain("the audit cannot be written");
    control.emit({ what: "breaker", name: "orders", before: "closed", after: "open", by: "server" });
    expect(log.join("")).toContain("not in the audit yet");
    breaks(undefined);
    await expect.poll(() => audit.waiting).toBe(0);
    audit.close();
    expect(records().map(({ after }) => after)).toEqual([...Array.from({ length: 50 }, (_, at) => at + 1), "open"]);
    expect(verifyAudit(file).ok).toBe(true);
  });

  test("changes that belong together are all refused, nobody hears of them, and they are undone", () => {
    const { files, breaks } = disk();
    const control = createControlEvents();
    const audit = open({ files });
    control.keep(audit.record);
    const heard: unknown[] = [];
    control.listen((event) => heard.push(event));
    const state: string[] = [];
    breaks("sync");
    const set = (value: string): void => {
      control.emit(change({ after: value }));
      state.push(value);
    };
    expect(() =>
      control.together(
        () => ["a", "b"].forEach(set),
        () => void state.splice(0),
      ),
    ).toThrow("Refused");
    expect(state).toEqual([]);
    expect(heard).toEqual([]);
    breaks(undefined);
    audit.close();
    expect(records().map(({ after, outcome }) => [after, outcome])).toEqual([
      ["a", "refused"],
      ["b", "refused"],
    ]);
  });

  test("a file that was moved away takes nothing more, until it is back", async () => {
    const audit = open();
    audit.record([change()]);
    renameSync(file, `${file}.moved`);
    expect(() => audit.record([change()])).toThrow("Refused");
    writeFileSync(file, "");
    expect(() => audit.record([change()])).toThrow("replaced by another file");
    renameSync(`${file}.moved`, file);
    audit.record([change()]);
    audit.close();
    expect(records().map(({ outcome }) => outcome)).toEqual(["applied", "refused", "refused", "applied"]);
  });

  test("what another process wrote behind it stops it", () => {
    const audit = open();
    audit.record([change()]);
    appendFileSync(file, "hello\n");
    expect(() => audit.record([change()])).toThrow("written by another process");
    audit.close();
    expect(log.join("")).toContain("the audit ends without these events");
  });
});
