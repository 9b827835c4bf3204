import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS } from "../src/runnable.ts";
import { templateNames } from "../src/templates.ts";
import { createOffshoot, main, run, temporaryFolder } from "./fixtures/run.ts";

const read = (...path: string[]) => readFileSync(join(...path), "utf8");

test.each(templateNames())("makes a project of its own from %s, named after its folder", async (template) => {
  const folder = join(temporaryFolder(), "my-server");
  const { code, data } = await createOffshoot([folder, "--template", template, "--core", "registry", "--no-git"]);
  expect(code).toBe(0);
  expect(data).toMatchObject({ name: "my-server", core: "registry", git: "not asked for", installed: false });
  expect(JSON.parse(read(folder, "package.json"))).toMatchObject({
    name: "my-server",
    private: true,
    bin: { "my-server": template === "minimal" ? "src/main.ts" : "dist/main.js" },
  });
  expect(JSON.parse(read(folder, "offshoot.json"))).toMatchObject({ template, name: "my-server" });
  expect(read(folder, "README.md")).toMatch(/^# my-server\n/);
  expect(read(folder, "src/server.ts")).toContain('name: "my-server"');
  const evals = read(folder, template === "minimal" ? "test/evals.ts" : "test/evals/index.ts");
  expect(evals).toContain('\n  name: "my-server"');
  expect(Object.keys(JSON.parse(read(folder, "evals.lock.json")))).toEqual(["my-server"]);
  expect(read(folder, ".gitignore")).toContain("node_modules/");
});

test("what you build on is yours from the beginning: updates leave the domain alone", async () => {
  const folder = join(temporaryFolder(), "my-crm");
  await createOffshoot([folder, "--template", "notes", "--own", "--core", "registry", "--no-git"]);
  const { mine, domain } = JSON.parse(read(folder, "offshoot.json"));
  expect(mine).toEqual([...domain, "README.md"]);
  expect(mine).toContain("src/domain/**");
});

test.each([
  ["minimal", ["npm install", "npm run test"], ""],
  ["filesystem", ["npm install", "npm run build", "npm run test"], " -- /a/folder/to/work/in"],
])("ends with the steps for %s, the last of them a client, in less than a screen", async (template, steps, args) => {
  const cwd = temporaryFolder();
  const words = ["my-server", "-t", template, "--core", "registry", "--pm", "npm", "--no-git"];
  const { stdout } = await run(process.execPath, [main, ...words], { cwd });
  const shown = stdout.split("\n");
  const first = shown.indexOf("Next:");
  const connect = expect.stringMatching(/^(?:npx create-offshoot|node \S+main\.js) connect <client> --write/);
  const said = shown.slice(first + 1, shown.indexOf("", first)).map((line) => line.trim());
  expect(said).toEqual(["cd my-server", ...steps, connect]);
  expect(said.at(-1)).toMatch(new RegExp(`--write${args}$`));
  expect(stdout).toContain("<client> is claude-code, claude-desktop, vscode, cursor, codex;");
  expect(stdout).toMatch(/^A tool of your own: (?:npx create-offshoot|node \S+main\.js) add tool <name>\.$/m);
  expect(shown.length).toBeLessThan(24);
});

test.each(templateNames())(
  "the README of a project from %s names what to change first, and it is there",
  async (template) => {
    const folder = join(temporaryFolder(), "my-server");
    await createOffshoot([folder, "--template", template, "--core", "registry", "--no-git"]);
    const [, first = ""] = read(folder, "README.md").split("## What to change first");
    const named = [...first.matchAll(/`([\w./-]+\.(?:ts|json|md))`/g)].map(([, file]) => file as string);
    expect(named).toEqual(expect.arrayContaining(["src/server.ts", "package.json", "contract.lock.json"]));
    for (const file of named) expect(existsSync(join(folder, file)), file).toBe(true);
  },
);

test("the help names every template, and every command that can be given in a project", async () => {
  const { stdout } = await run(process.execPath, [main, "--help"]);
  expect(stdout).toContain(`Which template: ${templateNames().join(", ")} (default: minimal)`);
  for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  expect(stdout).not.toMatch(/(^|[`\s])(?<!npx )create-offshoot [[\w-]/m);
});

test("refuses a folder with something in it, and leaves it as it is", async () => {
  const folder = join(temporaryFolder(), "taken");
  mkdirSync(folder);
  writeFileSync(join(folder, "mine.txt"), "mine");
  const { code, data } = await createOffshoot([folder, "--template", "notes", "--core", "registry"]);
  expect([code, data.error]).toEqual([2, expect.stringContaining("is not empty (mine.txt)")]);
  expect(readdirSync(folder)).toEqual(["mine.txt"]);
});

test.each([
  ["an unknown template", ["x", "--template", "nope"], /no template "nope"/, /notes/],
  ["a name that npm refuses", ["x", "--name", "Not A Name"], /"Not A Name" cannot be the name/, /--name/],
  ["an unknown option", ["x", "--nope"], /--nope/, /--help/],
  ["an unknown package manager", ["x", "--pm", "ant"], /"ant"/, /npm, pnpm, yarn, bun/],
  ["no folder", [], /Which folder/, /(?:npx create-offshoot|node \S+main\.js) my-notes/],
  ["two folders", ["x", "y"], /not 2/, /name one/],
  ["an unknown source of core", ["x", "--core", "moon"], /--core moon/, /leave it out/],
])("refuses %s with exit code 2 and the next step, and makes nothing", async (_, args, error, next) => {
  const cwd = temporaryFolder();
  const { code, data } = await createOffshoot(args, cwd);
  expect(code).toBe(2);
  expect(data).toEqual({ error: expect.stringMatching(error), next: expect.stringMatching(next) });
  expect(existsSync(join(cwd, "x"))).toBe(false);
  expect(readdirSync(cwd)).toEqual([]);
});
