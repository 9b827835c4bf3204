// What a developer sees of testServerContract: the colours and the words. suite.test.ts is the green case.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, expect, test, vi } from "vitest";
import { inVirtualTime } from "../../src/drills/clock.ts";
import { checkRequirement } from "../../src/testing/check.ts";
import { checkServer, type Requirement, requirements, testServerContract } from "../../src/testing/index.ts";
import { createShelf, shelfSamples, shelfServer } from "./shelf.ts";

const folder = mkdtempSync(join(tmpdir(), "offshoot-suite-"));
const lock = join(folder, "contract.lock.json");
afterAll(() => rmSync(folder, { recursive: true }));

interface Assertion {
  title: string;
  ancestorTitles: string[];
  status: "passed" | "failed" | "skipped" | "pending";
  failureMessages: string[];
}

/** Runs fixtures/broken.suite.ts and gives its tests. */
async function runSuite(env: Record<string, string> = {}, ...more: string[]): Promise<Assertion[]> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
  const report = join(folder, "report.json");
  const args = [
    vitest,
    "run",
    "--config",
    "test/testing/fixtures/vitest.config.ts",
    "--reporter=json",
    `--outputFile=${report}`,
    ...more,
  ];
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  await new Promise((resolve) =>
    execFile(process.execPath, args, { cwd, env: { ...process.env, LOCK: pathToFileURL(lock).href, ...env } }, resolve),
  );
  return JSON.parse(readFileSync(report, "utf8")).testResults[0].assertionResults;
}

test("a broken server is red where it is broken, and says why and what to do", { timeout: 180_000 }, async () => {
  const tests = await runSuite();
  const of = (status: string) => tests.filter((one) => one.status === status).map(({ title }) => title.split(":")[0]);
  expect([...new Set(of("failed"))]).toEqual([
    "failing-input",
    "what tools/list says is the lock's, byte for byte",
    "the contract is the one in the lock",
    "fuzz",
  ]);
  expect(of("failed").filter((id) => id === "failing-input")).toHaveLength(4);
  // add_book has no sample, so whatever needs one is not proven; the first and the last were asked to be skipped.
  const unproven = [
    "instructions",
    "valid-input",
    "output-fits-schema",
    "text-twin",
    "text-for-every-result",
    "no-bytes-in-data",
    "unknown-keys",
    "read-only-repeats",
    "idempotency-key",
    "recorded-versions",
    "stopped-changes-nothing",
    "late-work-is-success",
    "view-text",
    "view-renders",
  ];
  const skipped = new Set([...of("skipped"), ...of("pending")]);
  expect([...skipped].sort()).toEqual(unproven.sort());

  const [failed, locked] = ["failing-input", "the contract"].map(
    (start) => tests.find(({ title }) => title.startsWith(start))?.failureMessages[0] ?? "",
  );
  expect(failed).toContain('get_book({"id":"b999"}) made the handler throw something that is no ToolError');
  expect(failed).not.toContain("contract.ts");
  expect(tests.find(({ status }) => status === "failed")?.title).toContain(
    "An expected failure is the model's next step",
  );
  expect(locked).toContain("There is no contract.lock.json yet");
  expect(existsSync(lock)).toBe(false);
});

test.each([
  ["vitest run -u", {}, ["-u"]],
  ["UPDATE_CONTRACT=1", { UPDATE_CONTRACT: "1" }, []],
])("%s writes the lock, which nothing is compared with then", { timeout: 60_000 }, async (_how, env, words) => {
  writeFileSync(lock, "<<<<<<< ours\n{}\n");
  const tests = (await runSuite(env, ...words, "-t", "the lock")).filter(({ title }) => / the lock/.test(title));
  expect(tests.find(({ title }) => title.startsWith("the contract"))?.status).toBe("passed");
  expect(tests.filter(({ status }) => status === "failed")).toEqual([]);
  expect(JSON.parse(readFileSync(lock, "utf8")).name).toBe("shelf");
});

test.each([
  ["vitest run --mode record", {}, ["--mode", "record"]],
  ["RECORD_VERSIONS=1", { RECORD_VERSIONS: "1" }, []],
])("%s records what versions answer, and no other run does", { timeout: 60_000 }, async (_how, env, words) => {
  const file = join(folder, "versions.lock.json");
  const RECORDED = pathToFileURL(file).href;
  await runSuite({ RECORDED }, "-u", "-t", "is recorded");
  expect(existsSync(file)).toBe(false);
  await runSuite({ ...env, RECORDED }, ...words, "-t", "is recorded");
  expect(existsSync(file)).toBe(true);
  rmSync(file);
});

test("a skip that names no requirement is refused at once, with the ids that there are", () => {
  expect(() => testServerContract({ server: shelfServer(), skip: { "unknown-tools": "typo" } })).toThrow(
    /"unknown-tools", which is no requirement.*unknown-tool,/,
  );
});

test("a sample of a tool that does not exist is refused, with the tools that there are", async () => {
  const samples = { tools: { get_bok: { valid: [{}] } } };
  await expect(checkServer({ wire: "stdio-2025", server: shelfServer(), samples })).rejects.toThrow(
    /the tool "get_bok".*get_book, list_books/,
  );
});

test("a bare server passes what it exercises, and the rest is skipped with a reason", async () => {
  const { tools, resources: _, prompts: __, changes: ___, ...rest } = shelfServer();
  const bare = { ...rest, tools: new Map([...tools].slice(0, 1)), resources: new Map(), prompts: new Map() };
  const results = await checkServer({ wire: "http-2026", server: bare });
  expect(results.filter(({ status }) => status === "failed")).toEqual([]);
  const reasons = Object.fromEntries(
    results.flatMap((result) => (result.status === "skipped" ? [[result.id, result.reason]] : [])),
  );
  expect(reasons).toMatchObject({
    "valid-input": "no sample for get_book",
    "failing-input": "no sample of an input that fails",
    "resources-readable": "this server has no resources",
    "prompt-messages": "this server has no prompts",
    "read-only-silent": "this server announces no changes",
    instructions: "fewer than two tools need no instructions",
  });
});

test("each requirement gets a server of its own, closed afterwards, and a shared one when a definition is given", async () => {
  let made = 0;
  let closed = 0;
  const results = await checkServer({
    wire: "stdio-2025",
    samples: shelfSamples,
    skip: { "view-renders": "a browser takes its time" },
    server: async () => {
      made += 1;
      const close = () => {
        closed += 1;
      };
      return { server: shelfServer(createShelf()), close };
    },
  });
  const asked = results.filter(({ id }) => id !== "view-renders").length;
  expect([made, closed]).toEqual([asked, asked]);
});

test("a call that is never answered is red, and what opened the server still closes it", {
  timeout: 20_000,
}, async () => {
  const sound = shelfServer();
  const tools = new Map(
    [...sound.tools].map(([name, tool]) => [name, { ...tool, handler: () => new Promise(() => {}) }]),
  );
  const close = vi.fn();
  const requirement = requirements.find(({ id }) => id === "valid-input") as Requirement;
  const samples = { tools: { add_book: { valid: [{ title: "Emma" }] } } };
  // Once before, so that nothing is loaded while no time passes.
  expect(await checkRequirement(requirement, "stdio-2025", { server: sound, samples })).toMatchObject({
    status: "skipped",
  });
  const result = await inVirtualTime(() =>
    checkRequirement(requirement, "stdio-2025", { server: () => ({ server: { ...sound, tools }, close }), samples }),
  );
  expect(result).toMatchObject({ status: "failed", message: expect.stringContaining("no answer within 5000 ms") });
  expect(close).toHaveBeenCalledOnce();
});
