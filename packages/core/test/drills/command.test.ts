// `pnpm drill`, as people and runbooks call it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const script = fileURLToPath(new URL("../../../../scripts/drill.mjs", import.meta.url));
const drill = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });

describe("pnpm drill", () => {
  test("runs a drill on the notes template: a table, or one line of JSON, a page, exit 0", () => {
    const folder = mkdtempSync(join(tmpdir(), "drill-"));
    const report = join(folder, "drills.html");
    const { status, stdout } = drill("spike", "stale-context", "--seed", "3", "--report", report, "--json");
    const lines = stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { drill: "spike", seed: 3, verdict: "pass", missed: [] },
      { drill: "stale-context", seed: 3, verdict: "pass", missed: [] },
    ]);
    expect(status).toBe(0);
    expect(readFileSync(report, "utf8")).toContain("<title>Drills: pass</title>");
    const { stdout: table } = drill("stale-context", "--seed", "3", "--report", report);
    expect(table).toMatch(/^stale-context: pass \(seed 3\)\n {2}with the safeguard\n/);
    expect(table).toMatch(/ ✓ Reads that got an answer, of all +100 % +≥ 100 %\n/);
    expect(table).toMatch(/\n1 of 1 passed\n$/);
    rmSync(folder, { recursive: true });
  });

  test("says how it is used, and what is wrong with what it was given", () => {
    expect(drill("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("Usage: pnpm drill") });
    for (const [args, said] of [
      [["flood"], 'There is no drill "flood".'],
      [["--seed", "x"], '--seed takes a whole number; "x" is not one.'],
      [["--fast"], "--fast"],
    ] as const) {
      expect(drill(...args)).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining(said) });
    }
  });
});
