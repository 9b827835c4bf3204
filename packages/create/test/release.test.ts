import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { releaseGate } from "../src/check/release-gate.ts";
import { defaultOf } from "../src/eval/load-evals.ts";
import { openProject } from "../src/project.ts";
import { stepBetween } from "../src/update/version.ts";
import { createOffshoot, run, temporaryFolder } from "./fixtures/run.ts";

const template = fileURLToPath(new URL("../../../templates/minimal/", import.meta.url));

/** The minimal template as a user's project, under git and tagged v1.0.0. */
function project() {
  const folder = join(temporaryFolder(), "mine");
  mkdirSync(folder);
  for (const entry of ["src", "test", "offshoot.json", "contract.lock.json", "evals.lock.json", ".gitignore"])
    cpSync(join(template, entry), join(folder, entry), { recursive: true });
  symlinkSync(join(template, "node_modules"), join(folder, "node_modules"), "junction");
  const write = (file: string, content: unknown) =>
    writeFileSync(join(folder, file), typeof content === "string" ? content : JSON.stringify(content));
  const json = (file: string) => JSON.parse(readFileSync(join(folder, file), "utf8"));
  const replace = (file: string, from: string, to: string) =>
    write(file, readFileSync(join(folder, file), "utf8").replace(from, to));
  const manifest = JSON.parse(readFileSync(join(template, "package.json"), "utf8"));
  write("package.json", { ...manifest, version: "1.0.0", scripts: {} });
  const GIT_CONFIG_GLOBAL = fileURLToPath(new URL("./fixtures/gitconfig", import.meta.url));
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: folder, env: { ...process.env, GIT_CONFIG_GLOBAL }, stdio: "pipe" });
  const release = (tag: string) => {
    git("add", "--all");
    git("commit", "-q", "--allow-empty", "-m", tag);
    git("tag", tag);
  };
  git("init", "-q", "-b", "main");
  release("v1.0.0");
  const offshoot = (...words: string[]) => createOffshoot(words, folder);
  /** One line of `offshoot check --release`. */
  const line = async (at: number) =>
    releaseGate[at]?.({ project: openProject(folder), offline: true, args: undefined });
  return { folder, write, json, replace, release, offshoot, line };
}

describe("offshoot eval", () => {
  test("is 0 while nothing is worse, and 1 with the scenario's name once a handler is; the page shows it", async () => {
    const { folder, replace, offshoot } = project();
    expect(await offshoot("eval", "--record")).toMatchObject({
      code: 0,
      data: { eval: "minimal", passed: 25, tried: 25, worse: [], other: [], uncalled: [] },
    });
    replace("src/server.ts", "Read glossary://terms for all of them.", "Sorry.");
    const { code, data } = await offshoot("eval");
    expect(code).toBe(1);
    expect(data.worse).toContain('"absent" is no term: passed 1 of 1, now 0 of 1');
    const page = readFileSync(data.page, "utf8");
    expect(page).toContain("<title>Evals: worse</title>");
    // What was answered when it was recorded, and now.
    expect(page).toMatch(/<del>Read glossary:\/\/terms for all of them<\/del>/);
    expect(readFileSync(join(folder, "evals.record.jsonl"), "utf8").split("\n")).toHaveLength(2);
  });

  test("names the tools that no scenario calls", async () => {
    const { folder, write } = project();
    write(
      "few.ts",
      `import all from "./test/evals.ts";
      export default { ...all, scenarios: all.scenarios.filter(({ steps }) => steps[0].read !== undefined) };`,
    );
    const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
    const { stdout } = await run(process.execPath, [main, "eval", "few.ts"], { cwd: folder });
    expect(stdout).toContain("\nNo scenario calls: define_term.\n");
  });

  test("is 1 without a baseline, which --update writes", async () => {
    const { folder, json, offshoot } = project();
    rmSync(join(folder, "evals.lock.json"));
    expect(await offshoot("eval")).toMatchObject({ code: 1, data: { baseline: null, passed: 25 } });
    expect(existsSync(join(folder, "evals.lock.json"))).toBe(false);
    expect(await offshoot("eval", "--update")).toMatchObject({ code: 0 });
    expect(json("evals.lock.json").minimal).toMatchObject({
      runs: 1,
      score: 0.8668,
      scenarios: { "MCP is defined": 1 },
    });
  });

  test("a model's runs have a baseline of their own, of as many runs", async () => {
    const { write, json, offshoot } = project();
    write(
      "model.mjs",
      `export default { name: "always", next: async ({ task, turns }) => turns.length > 0 ? { says: "" }
        : { calls: [{ tool: "define_term", input: { term: /"(.*)"/.exec(task)[1] } }] } };`,
    );
    const words = ["eval", "--model", "model.mjs"];
    const { data } = await offshoot(...words, "--runs", "2", "--update");
    expect(data).toMatchObject({ eval: "minimal with always", runs: 2 });
    expect(json("evals.lock.json")).toMatchObject({ minimal: { runs: 1 }, "minimal with always": { runs: 2 } });
    expect(await offshoot(...words, "--runs", "3")).toMatchObject({
      code: 2,
      data: { error: expect.stringContaining("use --runs 2") },
    });
  });

  test.each([
    ["ends its process as if all were well", "process.exit(0);", /ended its process in the scenario "MCP is defined"/],
    ["throws where nobody awaits", "setImmediate(() => { throw 1; });", /ended its process in the scenario/],
  ])("a server that %s is no success, exit code 2", async (_what, code, message) => {
    const { replace, offshoot } = project();
    replace("src/server.ts", "const all = await terms(call);", `const all = await terms(call); ${code}`);
    expect(await offshoot("eval")).toMatchObject({ code: 2, data: { error: expect.stringMatching(message) } });
  });

  test("what a server writes to stdout is not in the answer", async () => {
    const { replace, offshoot } = project();
    replace("src/server.ts", "const all = await terms(call);", 'const all = await terms(call); console.log("junk");');
    expect(await offshoot("eval")).toMatchObject({ code: 0, data: { passed: 25 } });
  });

  test("a file that awaits what never comes is refused, and not waited for", async () => {
    const { folder, write } = project();
    write("never.mjs", "await new Promise(() => {});");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const refused = expect(defaultOf(folder, "never.mjs")).rejects.toThrow(
      "never.mjs cannot be loaded: an await in it did not end within 60 s",
    );
    vi.advanceTimersByTime(60_000);
    vi.useRealTimers();
    await refused;
  });

  test.each<[string, string[], (made: ReturnType<typeof project>) => void, RegExp]>([
    ["no evals", [], ({ folder }) => rmSync(join(folder, "test"), { recursive: true }), /There are no evals/],
    ["a file that is not there", ["other.ts"], () => {}, /no file other\.ts/],
    ["a file that exports none", ["src/glossary.ts"], () => {}, /does not export an eval/],
    ["--runs without a model", ["--runs", "3"], () => {}, /--runs is for a model/],
    ["a number of runs that is none", ["--runs", "many", "--model", "x"], () => {}, /from 1 to 1000/],
    ["a lock with a merge's markers", [], ({ write }) => write("evals.lock.json", "<<<<<<<"), /is not JSON/],
    ["a lock of another kind", [], ({ write }) => write("evals.lock.json", { minimal: 1 }), /not a lock of evals/],
  ])("refuses %s with a next step, exit code 2", async (_what, words, change, message) => {
    const made = project();
    change(made);
    const { code, data } = await made.offshoot("eval", ...words);
    expect(code).toBe(2);
    expect(data.error).toMatch(message);
    expect(data.next).not.toBe("");
  });
});

describe("offshoot release-notes", () => {
  test("names each change between two tags, and what is not known", async () => {
    const { write, json, release, offshoot } = project();
    const contract = json("contract.lock.json");
    delete contract.tools.define_term;
    write("contract.lock.json", contract);
    const evals = json("evals.lock.json");
    delete evals.minimal.scenarios["MCP is defined"];
    evals.minimal.score = 0.5;
    write("evals.lock.json", evals);
    write("drills.jsonl", '{"drill":"spike","verdict":"fail","missed":["goodput"]}\n');
    release("v1.0.1");
    expect((await offshoot("release-notes", "v1.0.0", "v1.0.1")).data).toEqual({
      from: "v1.0.0",
      to: "v1.0.1",
      contract: { found: { bump: "major", changes: [{ path: "tools.define_term", what: "removed", level: "major" }] } },
      policy: { absent: "there is no policy.lock.json at v1.0.0" },
      configuration: { absent: "there is no config.lock.json" },
      evals: { found: ["minimal: score 0.8668 → 0.5", 'minimal, "MCP is defined": gone'] },
      drills: { found: [{ drill: "spike", verdict: "fail", missed: ["goodput"] }] },
    });
  });

  test("a lock of evals that is none is refused with the way to write it again", async () => {
    const { write, offshoot } = project();
    write("evals.lock.json", { minimal: { runs: 1 } });
    expect(await offshoot("release-notes", "v1.0.0")).toMatchObject({
      code: 2,
      data: {
        error: "evals.lock.json is not a lock of evals at both points.",
        next: expect.stringContaining("--update"),
      },
    });
  });

  test("a text from a lock is no Markdown of the notes", async () => {
    const { folder, write, json, release } = project();
    const evals = json("evals.lock.json");
    evals.minimal.scenarios["x\n# Owned\n![p](https://example.com/p) <img src=y> `z`"] = 1;
    write("evals.lock.json", evals);
    release("v1.0.1");
    const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
    const { stdout } = await run(process.execPath, [main, "release-notes", "v1.0.0", "v1.0.1"], { cwd: folder });
    expect(stdout).toContain('- minimal, "x # Owned !\\[p](https://example.com/p) &lt;img src=y> \\`z\\`": new');
    expect(stdout).not.toMatch(/^# Owned/m);
  });

  test.each([
    ["an unknown tag", ["v9"], /git knows no "v9"/],
    ["three points", ["a", "b", "c"], /at most two/],
    ["a version that is none", ["--published", "../x"], /not a version or a tag/],
  ])("refuses %s, exit code 2", async (_what, words, message) => {
    const { code, data } = await project().offshoot("release-notes", ...words);
    expect(code).toBe(2);
    expect(data.error).toMatch(message);
  });
});

describe("the eight lines", () => {
  test("the contract line asks for a version step that is large enough for what changed since the tag", async () => {
    const { replace, offshoot, line, write, json } = project();
    replace("src/server.ts", "max(100)", "max(50)");
    expect(await line(0)).toMatchObject({ status: "wrong", message: expect.stringContaining("does not match") });
    await offshoot("contract", "--write");
    expect(await line(0)).toMatchObject({
      status: "wrong",
      message: expect.stringContaining("asks for a major release"),
    });
    write("package.json", { ...json("package.json"), version: "2.0.0" });
    expect(await line(0)).toMatchObject({ status: "ok" });
    // What today's clients send, the last release still takes.
    expect(await line(7)).toMatchObject({
      status: "ok",
      message: expect.stringContaining("all that today's clients use"),
    });
  });

  test("a script test that fails is wrong, and none is absent", async () => {
    const { line, write, json } = project();
    expect(await line(1)).toMatchObject({ status: "absent" });
    write("package.json", { ...json("package.json"), scripts: { test: "exit 3" } });
    expect(await line(1)).toMatchObject({ status: "wrong" });
  });

  test("a configuration's lock that the built server does not make is wrong, and none is absent", async () => {
    const { line, write } = project();
    expect(await line(4)).toMatchObject({ status: "absent" });
    write("config.lock.json", { digest: "sha256-of-another-build", values: { logLevel: "info" } });
    expect(await line(4)).toMatchObject({ status: "wrong" });
  });

  test("a drill that did not pass is wrong, and no drill is absent", async () => {
    const { line, write } = project();
    expect(await line(5)).toMatchObject({ status: "absent" });
    const passed = '{"drill":"spike","verdict":"pass","missed":[]}\n';
    write("drills.jsonl", passed);
    expect(await line(5)).toMatchObject({ status: "ok", message: "1 of 1 passed." });
    write("drills.jsonl", `${passed}{"drill":"backlog","verdict":"inconclusive","missed":[]}\n`);
    expect(await line(5)).toMatchObject({ status: "wrong", message: "backlog: inconclusive" });
  });

  test("without a tag there is no way back", async () => {
    const { folder, line } = project();
    // It is the first release: its own tag is no way back.
    expect(await line(7)).toMatchObject({ status: "absent" });
    expect(await line(0)).toMatchObject({ status: "ok", message: expect.stringContaining("no release to compare") });
    rmSync(join(folder, ".git"), { recursive: true });
    expect(await line(7)).toMatchObject({ status: "absent" });
  });

  test("in a shallow clone nobody knows what was released: that is said, and not that there was nothing", async () => {
    const { folder, release } = project();
    release("v1.0.1");
    const clone = join(temporaryFolder(), "clone");
    // As CI checks out a tag that is to be released.
    execFileSync("git", ["clone", "-q", "--depth", "1", pathToFileURL(folder).href, clone], { stdio: "pipe" });
    const line = (at: number) => releaseGate[at]?.({ project: openProject(clone), offline: true, args: undefined });
    const absent = {
      status: "absent",
      message: expect.stringContaining("shallow"),
      next: expect.stringMatching(/--unshallow/),
    };
    expect(await line(0)).toMatchObject(absent);
    expect(await line(7)).toMatchObject(absent);
    expect(await createOffshoot(["release-notes"], clone)).toMatchObject({
      code: 2,
      data: { error: expect.stringContaining("shallow"), next: expect.stringContaining("--unshallow") },
    });
  });

  test("--without takes the names of lines alone, and with --release alone", async () => {
    const { folder } = project();
    const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
    const { code, stderr } = await run(process.execPath, [main, "check", "--without", "drills"], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toContain("--without is for --release");
  });
});

test.each([
  ["1.2.3", "2.0.0", "major"],
  ["1.2.3", "1.3.0", "minor"],
  ["1.2.3", "1.2.4", "patch"],
  ["1.2.3", "1.2.3", "none"],
  ["1.2.3", "1.1.9", "none"],
  ["1.2.3-rc.1", "1.2.3", "patch"],
])("from %s to %s is a step of %s", (before, after, step) => {
  expect(stepBetween(before, after)).toBe(step);
});
