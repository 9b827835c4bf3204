/**
 * Templates as they were released × today's core: a fork that only raises core must go on working. Each release since
 * the first is a tag (`@offshoot/notes@0.1.0`); today's files stand for the next one, so that there is a row before the
 * first release, too. The contract suite of each runs against the core of this checkout; a release whose range does not
 * let this core in is told as announced, and not run. Other dependencies are today's.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTemplate, templateNames } from "../../src/templates.ts";

const checkout = fileURLToPath(new URL("../../../../", import.meta.url));
const git = (...args: string[]): string =>
  execFileSync("git", args, { cwd: checkout, encoding: "utf8", maxBuffer: 1e8 });
const core: string = JSON.parse(readFileSync(join(checkout, "packages/core/package.json"), "utf8")).version;
const only = process.argv.slice(2);

/** Whether `^a.b.c` lets a version in. */
function allows(range: string, version: string): boolean {
  const [wanted, given] = [range.replace("^", ""), version].map((text) => text.split(".").map(Number)) as [
    number[],
    number[],
  ];
  return wanted[0] === given[0] && (wanted[0] !== 0 || wanted[1] === given[1]);
}

function filesAt(tag: string, template: string): Map<string, Buffer> {
  const paths = git("ls-tree", "-r", "--name-only", "-z", tag, "--", `templates/${template}/`)
    .split("\0")
    .filter(Boolean);
  const read = (path: string): Buffer =>
    execFileSync("git", ["show", `${tag}:${path}`], { cwd: checkout, maxBuffer: 1e8 });
  return new Map(paths.map((path) => [path.slice(`templates/${template}/`.length), read(path)]));
}

let passed = 0;
let failed = 0;
function row(template: string, version: string, files: Map<string, Buffer>): void {
  const range: string = JSON.parse(String(files.get("package.json"))).dependencies["@offshoot/core"];
  const name = `${template} ${version} × core ${core}`;
  if (!allows(range, core)) {
    console.log(`✓ ${name}: its range ${range} keeps it on an earlier core`);
    passed += 1;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "offshoot-matrix-"));
  try {
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
    symlinkSync(join(checkout, "templates", template, "node_modules"), join(folder, "node_modules"), "junction");
    const vitest = join(folder, "node_modules/vitest/vitest.mjs");
    const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, "run", "test/contract.test.ts"], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1", VITEST: undefined },
    });
    const [, tests = "no tests"] = /^\s*Tests\s+(.*)$/m.exec(stdout) ?? [];
    const green = status === 0 && tests !== "no tests";
    console.log(`${green ? "✓" : "✗"} ${name}: ${tests}${green ? "" : `\n${stdout}${stderr}`}`);
    if (green) passed += 1;
    else failed += 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const template of templateNames().filter((name) => only.length === 0 || only.includes(name))) {
  const tags = git("tag", "--list", `@offshoot/${template}@*`).split("\n").filter(Boolean);
  for (const tag of tags) row(template, tag.slice(tag.lastIndexOf("@") + 1), filesAt(tag, template));
  const today = new Map([...readTemplate(template).files].map(([path, { bytes }]) => [path, bytes]));
  row(template, "as it would be released today", today);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
