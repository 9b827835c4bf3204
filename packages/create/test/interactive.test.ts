import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { run, temporaryFolder } from "./fixtures/run.ts";
import { CTRL_C, DOWN, ENTER, openTerminal } from "./fixtures/terminal.ts";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const words = [process.execPath, main, "--core", "registry", "--no-git"];
const QUESTIONS = ["Where?", "Which template?", "What will you do with it?", "Install its dependencies now?"];

/** An empty folder, and an environment in which npm does what it is told here. */
function place(npm = "exit 1") {
  const parent = temporaryFolder();
  const cwd = join(parent, "here");
  mkdirSync(cwd);
  mkdirSync(join(parent, "bin"));
  const told = join(parent, "told");
  writeFileSync(join(parent, "bin/npm"), `#!/bin/sh\necho "$@" >> "${told}"\n${npm.replaceAll("TOLD", told)}\n`, {
    mode: 0o755,
  });
  const env = { PATH: `${join(parent, "bin")}:${process.env.PATH}`, npm_config_user_agent: "npm/11.0.0" };
  return { cwd, env, told: () => readFileSync(told, "utf8") };
}

const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));

describe("create-offshoot in a terminal", () => {
  test("asks where, which, what for and whether to install, and does as answered", async () => {
    const { cwd, env } = place();
    const terminal = openTerminal(words, { cwd, env });
    await terminal.until("Where?");
    terminal.type(`my-files${ENTER}`);
    await terminal.until("Which template?");
    terminal.type(`${DOWN}${ENTER}`);
    await terminal.until("What will you do with it?");
    terminal.type(`${DOWN}${ENTER}`);
    await terminal.until("Install its dependencies now?");
    terminal.type("n");
    const { code, shown } = await terminal.ended;
    expect([code, readdirSync(cwd)]).toEqual([0, ["my-files"]]);
    expect(json(cwd, "my-files/offshoot.json")).toMatchObject({
      template: "filesystem",
      name: "my-files",
      mine: expect.arrayContaining(["src/tools/**"]),
    });
    expect(shown).toMatch(/cd my-files\s+npm install\s+npm run build/);
  });

  test("takes what it proposes when Enter is all that is pressed", async () => {
    const { cwd, env, told } = place("exit 0");
    const terminal = openTerminal(words, { cwd, env });
    for (const question of QUESTIONS) {
      await terminal.until(question);
      terminal.type(ENTER);
    }
    const { code, shown } = await terminal.ended;
    expect([code, readdirSync(cwd)]).toEqual([0, ["my-server"]]);
    expect(json(cwd, "my-server/offshoot.json")).toMatchObject({ template: "minimal" });
    expect(told()).toBe("install\n");
    expect(shown).toMatch(/cd my-server\s+npm run test/);
  });

  test("asks only for what the command line leaves open", async () => {
    const { cwd, env } = place();
    const terminal = openTerminal([...words, "mine", "--template", "http-api", "--own"], { cwd, env });
    await terminal.until("Install its dependencies now?");
    terminal.type("n");
    const { code, shown } = await terminal.ended;
    expect([code, json(cwd, "mine/offshoot.json").template]).toEqual([0, "http-api"]);
    expect(json(cwd, "mine/offshoot.json").mine).toContain("src/operations.ts");
    expect(shown).not.toMatch(/Where\?|Which template\?|What will you do/);
  });

  test("says that a folder is not empty, and asks again", async () => {
    const { cwd, env } = place();
    mkdirSync(join(cwd, "taken"));
    writeFileSync(join(cwd, "taken/mine.txt"), "mine");
    const terminal = openTerminal([...words, "--template", "notes", "--no-own", "--no-install"], { cwd, env });
    await terminal.until("Where?");
    terminal.type(`taken${ENTER}`);
    await terminal.until("taken is not empty (mine.txt)");
    terminal.type(`-too${ENTER}`);
    expect((await terminal.ended).code).toBe(0);
    expect(readdirSync(cwd)).toEqual(["taken", "taken-too"]);
    expect(readdirSync(join(cwd, "taken"))).toEqual(["mine.txt"]);
  });

  test("refuses such a folder on the command line before it asks anything", async () => {
    const { cwd, env } = place();
    mkdirSync(join(cwd, "taken"));
    writeFileSync(join(cwd, "taken/mine.txt"), "mine");
    const { code, shown } = await openTerminal([...words, "taken"], { cwd, env }).ended;
    expect([code, shown]).toEqual([
      2,
      expect.stringMatching(/^create-offshoot: .* is not empty.*\s+Next: choose a new/),
    ]);
  });

  test.each(QUESTIONS)("Ctrl+C at “%s” ends it with exit code 130, and nothing was made", async (last) => {
    const { cwd, env } = place();
    const terminal = openTerminal(words, { cwd, env });
    for (const question of QUESTIONS) {
      await terminal.until(question);
      if (question === last) break;
      terminal.type(ENTER);
    }
    terminal.type(CTRL_C);
    const { code, shown } = await terminal.ended;
    expect([code, readdirSync(cwd)]).toEqual([130, []]);
    expect(shown.trimEnd()).toMatch(/Nothing was created\.$/);
  });

  test("Ctrl+C while npm is asked ends both, and nothing was made", async () => {
    const { cwd, env, told } = place("trap 'echo stopped >> TOLD; exit 1' INT\nwhile :; do sleep 0.1; done");
    const terminal = openTerminal([process.execPath, main, "mine", "-t", "notes", "--no-own", "--no-install"], {
      cwd,
      env,
    });
    await terminal.until("Looking for @offshoot/core");
    await vi.waitFor(() => expect(told()).toMatch(/^view/), 20_000);
    terminal.type(CTRL_C);
    expect([(await terminal.ended).code, readdirSync(cwd)]).toEqual([130, []]);
    await vi.waitFor(() => expect(told()).toMatch(/stopped/), 10_000);
  });

  test("Ctrl+C while core is packed takes away what was half made", async () => {
    const { cwd, env } = place();
    const terminal = openTerminal(
      [process.execPath, main, "a/b", "-t", "notes", "--no-own", "--no-install", "--core", "pack"],
      {
        cwd,
        env,
      },
    );
    await vi.waitFor(
      () => expect(readdirSync(join(cwd, "a"))).toEqual([expect.stringMatching(/^\.offshoot-draft-/)]),
      20_000,
    );
    terminal.type(CTRL_C);
    expect([(await terminal.ended).code, readdirSync(cwd)]).toEqual([130, []]);
  });

  test("asks nothing when its input comes from elsewhere, though its output is seen", async () => {
    const { cwd, env } = place();
    const line = `"${process.execPath}" "${main}" < /dev/null`;
    const { code, written } = await openTerminal(["sh", "-c", line], { cwd, env }).ended;
    expect([code, written]).toEqual([
      2,
      expect.stringMatching(/^create-offshoot: Which folder\?\r\nNext: name it: `node \S+main\.js my-notes`\.\r\n$/),
    ]);
  });
});

test("create-offshoot without a terminal asks nothing and writes no colours", async () => {
  const { cwd, env } = place();
  const { code, stdout, stderr } = await run(process.execPath, [...words.slice(1), "mine"], {
    cwd,
    env: { ...process.env, ...env },
  });
  expect([code, existsSync(join(cwd, "mine/package.json"))]).toEqual([0, true]);
  expect(stderr).toBe("Writing the project …\n");
  expect(stdout).toMatch(/^mine is in /);
  expect(stdout).not.toContain("\u001b");
});
