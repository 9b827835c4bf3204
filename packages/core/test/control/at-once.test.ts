import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test, vi } from "vitest";
import { readLastUsed } from "../../src/auth/keys/last-used.ts";

const rounds = process.env.OFFSHOOT_LONG === "1" ? 200 : 20;
const processes = 8;
vi.setConfig({ testTimeout: 10_000 * rounds });
const folder = mkdtempSync(join(tmpdir(), "offshoot-at-once-"));
const script = fileURLToPath(new URL("../fixtures/first-user.ts", import.meta.url));
const children = Array.from({ length: processes }, () => {
  const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, answer: async () => String((await answers.next()).value) };
});
const ready = Promise.all(children.map(({ answer }) => answer()));

afterAll(async () => {
  for (const { child } of children) child.stdin.end();
  await Promise.all(children.map(({ child }) => child.exitCode ?? once(child, "exit")));
  rmSync(folder, { recursive: true });
});

/** Each process does this at one moment. @returns their answers, sorted */
async function all(what: string, file: string): Promise<string[]> {
  await ready;
  for (const { child } of children) child.stdin.write(`${what} ${file}\n`);
  return (await Promise.all(children.map(({ answer }) => answer()))).sort();
}

test.each([
  ["that nobody has had", undefined],
  ["that a killed process has left", `${2 ** 22 + 1}\n${hostname()}`],
  ["that a process left when it was killed before it had written it", ""],
])("a lock %s is one process's at a time", async (what, left) => {
  for (let round = 0; round < rounds; round += 1) {
    const file = join(folder, `${what.length}-${round}`);
    if (left !== undefined) writeFileSync(`${file}.lock`, left);
    expect(await all("lock", file)).toEqual(Array(processes).fill("done"));
    expect(readFileSync(file, "utf8")).toBe(String(processes));
    rmSync(file);
    expect(readdirSync(folder)).toEqual([]);
  }
});

test("of servers that start at once with one new audit, one gets it, and the others are told whose it is", async () => {
  for (let round = 0; round < rounds; round += 1) {
    const answers = await all("audit", join(folder, `audit-${round}`));
    expect(answers).toEqual([
      ...Array(processes - 1).fill(expect.stringMatching(/^--audit \S+ belongs to the process \d+ on/)),
      "got it",
    ]);
  }
  for (const name of readdirSync(folder).filter((name) => !name.endsWith(".lock"))) rmSync(join(folder, name));
});

test("the last uses that servers write at once are all kept", async () => {
  for (let round = 0; round < rounds; round += 1) {
    const file = join(folder, `keys-${round}`);
    expect(await all("used", file)).toEqual(Array(processes).fill("done"));
    expect(Object.keys(readLastUsed(file))).toEqual(children.map(({ child }) => String(child.pid)).sort());
  }
});
