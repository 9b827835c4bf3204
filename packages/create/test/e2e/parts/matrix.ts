import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readTemplate } from "../../../src/templates.ts";
import { must } from "../command.ts";
import { type Report, timed } from "../row.ts";
import { checkout } from "../ways.ts";
import { countPassed } from "./projects.ts";

const git = (...args: string[]): string =>
  execFileSync("git", args, { cwd: checkout, encoding: "utf8", maxBuffer: 1e8 });
const core: string = JSON.parse(readFileSync(join(checkout, "packages/core/package.json"), "utf8")).version;

/**
 * Templates as they were released × today's core: a fork that only raises core must go on working. Each release since
 * the first is a tag (`@offshoot/notes@0.1.0`); today's files stand for the next one, so that there is a row before the
 * first release, too. The contract suite of each runs against the core of this checkout; a release whose range does not
 * let this core in is told as announced, and not run. Other dependencies are today's.
 */
export async function matrix(templates: string[], report: Report): Promise<void> {
  for (const template of templates) {
    const tags = git("tag", "--list", `@offshoot/${template}@*`).split("\n").filter(Boolean);
    for (const tag of tags) report(await trial(template, tag.slice(tag.lastIndexOf("@") + 1), filesAt(tag, template)));
    const today = new Map([...readTemplate(template).files].map(([path, { bytes }]) => [path, bytes]));
    report(await trial(template, "as it would be released today", today));
  }
}

async function trial(template: string, version: string, files: Map<string, Buffer>) {
  const head = { part: "matrix", what: `${template} ${version} × core ${core}` };
  const range: string = JSON.parse(String(files.get("package.json"))).dependencies["@offshoot/core"];
  if (!allows(range, core))
    return timed(head, [["not run", async () => `its range ${range} keeps it on an earlier core`]]);
  const folder = mkdtempSync(join(tmpdir(), "offshoot-matrix-"));
  try {
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
    symlinkSync(join(checkout, "templates", template, "node_modules"), join(folder, "node_modules"), "junction");
    // A template whose tests are one file has the contract suite among them.
    const suite = files.has("test/contract.test.ts") ? "test/contract.test.ts" : "test";
    const vitest = [process.execPath, join(folder, "node_modules/vitest/vitest.mjs"), "run", suite];
    const env = { ...process.env, NO_COLOR: "1", VITEST: undefined };
    return await timed(head, [["contract suite", async () => countPassed(await must(vitest, folder, env))]]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

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
