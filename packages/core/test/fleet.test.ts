// What several instances behind one address have to agree on, with a real client whose requests go to one after the other.
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { createStateSeal } from "../src/call/asking/state-seal.ts";
import { decodeCursor, encodeCursor } from "../src/call/methods/pages.ts";
import { takePidLock } from "../src/control/pid-lock.ts";
import { secretSetting } from "../src/secret-setting.ts";
import { loadConfig } from "../src/serve.ts";

const [old, next] = ["o".repeat(32), "n".repeat(32)];
const subject = { subject: "tools/call delete", caller: "ada", input: "digest" };
const state = { ...subject, asked: { q1: "sure" }, answers: {} };

describe("a question that one instance has asked", () => {
  const opens = (by: string[], sealed: string) =>
    createStateSeal(by).open(sealed, subject, { q1: { action: "accept" } }).answers;

  test("is answered at another one that has the same secret, and at none that has not", () => {
    const sealed = createStateSeal([old]).seal(state);
    expect(opens([old], sealed)).toEqual({ sure: { action: "accept" } });
    for (const other of [[next], []]) expect(() => opens(other, sealed)).toThrow(/requestState/);
    // Nor where nothing is shared.
    expect(() => opens([], createStateSeal().seal(state))).toThrow(/requestState/);
  });

  test("is answered at every instance while the secret is exchanged, in three rounds of restarts", () => {
    const rounds = [[old], [old, next], [next, old], [next]];
    for (let at = 1; at < rounds.length; at++) {
      const [before, after] = [rounds[at - 1] ?? [], rounds[at] ?? []];
      for (const [asked, answered] of [
        [before, after],
        [after, before],
      ])
        expect(opens(answered as string[], createStateSeal(asked as string[]).seal(state))).toHaveProperty("sure");
    }
  });

  test("runs out by the clock on the wall, which machines share", () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"], now: 1_000_000 });
    onTestFinished(() => void vi.useRealTimers());
    const sealed = createStateSeal([old]).seal(state);
    expect(opens([old], sealed)).toHaveProperty("sure");
    vi.setSystemTime(1_000_000 + 601_000);
    expect(() => opens([old], sealed)).toThrow(/requestState/);
  });
});

test("a page that one instance has begun goes on at another, also while the secret is exchanged", () => {
  const cursor = encodeCursor(createStateSeal([old]), "tools", 1, "here");
  for (const secrets of [[old], [old, next], [next, old]])
    expect(decodeCursor(createStateSeal(secrets), cursor, "tools")).toEqual([1, "here"]);
  expect(() => decodeCursor(createStateSeal([next]), cursor, "tools")).toThrow(/cursor/);
});

describe("the lock of an audit", () => {
  const folder = mkdtempSync(join(tmpdir(), "offshoot-fleet-"));
  const file = join(folder, "audit");
  afterEach(() => rmSync(`${file}.lock`, { force: true }));

  test("names its process and its machine", () => {
    const release = takePidLock(file);
    expect(readFileSync(`${file}.lock`, "utf8")).toBe(`${process.pid}\n${hostname()}`);
    if (typeof release === "function") release();
  });

  test("of another machine with the same process id is respected, and taken over when it says nothing for a minute", () => {
    writeFileSync(`${file}.lock`, `${process.pid}\nanother-host`);
    expect(takePidLock(file)).toBe(`the process ${process.pid} on another-host`);
    const silent = new Date(Date.now() - 61_000);
    utimesSync(`${file}.lock`, silent, silent);
    const release = takePidLock(file);
    expect(release).toBeTypeOf("function");
    if (typeof release === "function") release();
    rmSync(folder, { recursive: true });
  });
});

describe("a secret in a setting", () => {
  afterEach(() => vi.restoreAllMocks());
  const settings = z.object({ token: secretSetting().optional() });
  const options = { name: "lab", version: "1.0.0", description: "a server for tests", envPrefix: "LAB" };
  const load = (argv: string[], env: Record<string, string> = {}) => loadConfig(settings, { ...options, argv, env });

  test("is where it says, and shows in nothing that is printed", () => {
    const folder = mkdtempSync(join(tmpdir(), "offshoot-secret-"));
    writeFileSync(join(folder, "token"), "hunter2\n");
    vi.stubEnv("THE_TOKEN", "hunter3");
    const config = load(["--token", `file:${join(folder, "token")}`]);
    expect(config.token?.reveal()).toBe("hunter2");
    expect(load(["--token", "env:THE_TOKEN"]).token?.reveal()).toBe("hunter3");
    expect(load([], { LAB_TOKEN: "hunter4" }).token?.reveal()).toBe("hunter4");
    expect(`${JSON.stringify(config)} ${config.token}`).not.toContain("hunter2");
    rmSync(folder, { recursive: true });
  });

  test("several are taken in their order, and a short one is refused", () => {
    const given = { LAB_STATE_SECRET: `${old},${next}` };
    expect(load([], given).stateSecret?.map((one) => one.reveal())).toEqual([old, next]);
    const exit = vi.spyOn(process, "exit").mockImplementation(() => {
      throw new Error("left");
    });
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    expect(() => load([], { LAB_STATE_SECRET: "short" })).toThrow("left");
    expect(exit).toHaveBeenCalledWith(2);
    expect(stderr.mock.calls.join()).toContain("at least 32 bytes");
  });
});
