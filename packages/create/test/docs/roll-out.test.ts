// Every command of docs/roll-out-a-change.md, in its order, in a project as the page says; what they print is what it shows.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { main, temporaryFolder } from "../fixtures/run.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const page = readFileSync(join(root, "docs/roll-out-a-change.md"), "utf8");
const commands = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code]) => code as string);

/** What the page shows of the commands, in their order, and the exit codes that it says. */
const steps: [shown: string | undefined, code: number][] = [
  [undefined, 0],
  ["contract-diff", 1],
  [undefined, 0],
  ["eval", 1],
  [undefined, 0],
  ["release-notes", 0],
  ["promote", 0],
  ["check", 1],
  [undefined, 0],
  [undefined, 0],
  ["drift", 2],
  ["back", 1],
];

function project() {
  const folder = join(temporaryFolder(), "glossary");
  const template = join(root, "templates/minimal");
  mkdirSync(folder);
  for (const entry of [
    "src",
    "test",
    "offshoot.json",
    "contract.lock.json",
    "evals.lock.json",
    "tsconfig.json",
    ".gitignore",
  ])
    cpSync(join(template, entry), join(folder, entry), { recursive: true });
  symlinkSync(join(template, "node_modules"), join(folder, "node_modules"), "junction");
  const named = (file: string) =>
    readFileSync(join(template, file), "utf8")
      .replaceAll(/(@offshoot\/|offshoot-)minimal/g, "glossary")
      .replaceAll("MINIMAL", "GLOSSARY");
  writeFileSync(join(folder, "src/main.ts"), named("src/main.ts"));
  for (const file of ["test/evals.ts", "evals.lock.json"])
    writeFileSync(join(folder, file), named(file).replace('"minimal"', '"glossary"'));
  const manifest = JSON.parse(named("package.json"));
  // The project's suite takes longer than all the rest, and is not what this is about.
  const scripts = { ...manifest.scripts, test: "node --check src/main.ts" };
  const own = { ...manifest, version: "1.0.0", scripts };
  writeFileSync(join(folder, "package.json"), JSON.stringify(own, null, 2));
  mkdirSync(join(folder, "config"));
  writeFileSync(join(folder, "config/staging.json"), JSON.stringify({ logLevel: "warn" }));
  writeFileSync(join(folder, "config/production.json"), JSON.stringify({ port: 8080, logLevel: "info" }));
  // npx, which would ask the registry.
  const bin = join(temporaryFolder(), "bin");
  mkdirSync(bin);
  const offline = '[ "$1" = promote ] && set -- "$@" --offline';
  writeFileSync(join(bin, "npx"), `#!/bin/sh\nshift\n${offline}\nexec "${process.execPath}" "${main}" "$@"\n`);
  chmodSync(join(bin, "npx"), 0o755);
  const bash = (script: string) =>
    spawnSync("bash", ["-e", "-c", script], {
      cwd: folder,
      encoding: "utf8",
      env: {
        ...process.env,
        PATH: `${bin}${delimiter}${process.env.PATH}`,
        GIT_CONFIG_GLOBAL: fileURLToPath(new URL("../fixtures/gitconfig", import.meta.url)),
      },
    });
  bash("git init -q -b main && git add --all && git commit -q -m 'The glossary' && git tag v1.0.0");
  return { folder, bash };
}

test("a change goes from its branch to a release and back, with every command of the page", {
  timeout: 300_000,
}, async () => {
  const { folder, bash } = project();
  expect(commands).toHaveLength(steps.length);
  for (const [at, [shown, code]] of steps.entries()) {
    const { status, stdout, stderr } = bash(commands[at] as string);
    expect(`${status}: ${commands[at]}${stdout}${stderr}`).toMatch(new RegExp(`^${code}: `));
    if (shown === undefined) continue;
    // As it reads outside a checkout, and on every machine.
    const printed = (stdout === "" ? stderr : stdout)
      .replaceAll(/node \S+\/dist\/main\.js/g, "npx create-offshoot")
      .replaceAll(`${folder}/`, "")
      .replaceAll(/\(\d+ s\)/g, "(1 s)")
      // Of every setting there is, also of one that comes with the next release of core.
      .replaceAll(/sha256-[\w-]+/g, "sha256-…")
      .replaceAll(/"time":"[^"]*"/g, '"time":"…"');
    await expect(printed).toMatchFileSnapshot(fileURLToPath(new URL(`roll-out/${shown}.txt`, import.meta.url)));
  }
  // What the last step but two tagged is what was accepted.
  const notes = JSON.parse(bash("npx create-offshoot release-notes v1.0.0 v1.1.0 --json").stdout);
  expect(notes.contract.found).toMatchObject({ bump: "minor", changes: [{ level: "minor" }] });
  expect(notes.policy.absent).toContain("policy.lock.json");
  expect(notes.configuration.found).toEqual(["config/config.lock.json: new"]);
});
