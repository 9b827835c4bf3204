import { appendFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type CheckContext, checks, type Finding, runChecks, versionsCheck } from "../../src/check/checks.ts";
import { openProject, type Project } from "../../src/project.ts";
import { offshootBin, run, temporaryFolder } from "../fixtures/run.ts";

const templates = fileURLToPath(new URL("../../../../templates/", import.meta.url));

/** A template, built and installed, as a user's project. */
function project(): string {
  const template = join(templates, "notes");
  const folder = join(temporaryFolder(), "mine");
  mkdirSync(folder);
  for (const entry of ["dist", "src", "offshoot.json", "contract.lock.json", "package.json", ".gitignore"])
    cpSync(join(template, entry), join(folder, entry), { recursive: true });
  symlinkSync(join(template, "node_modules"), join(folder, "node_modules"), "junction");
  return folder;
}

const asked = (folder: string): CheckContext => ({ project: openProject(folder), offline: true, args: undefined });

async function check(folder: string, ...words: string[]) {
  const { code, stdout } = await run(process.execPath, [offshootBin, "check", "--offline", "--json", ...words], {
    cwd: folder,
  });
  const { findings, ...data } = JSON.parse(stdout) as { findings: Finding[]; wrong: number };
  return { code, ...data, ...Object.fromEntries(findings.map((finding) => [finding.name, finding])) };
}

describe("offshoot check", () => {
  // copy.test.ts checks a copy of each template.
  test("finds nothing wrong with a template as it is, and says what nobody was asked", async () => {
    expect(await check(project())).toMatchObject({
      code: 0,
      wrong: 0,
      "conflict markers": { status: "ok" },
      contract: { status: "ok" },
      stdout: { status: "ok", message: expect.stringMatching(/2 lines read/) },
      core: {
        status: "unknown",
        message: expect.stringContaining("was not asked"),
        next: "leave out --offline to ask it.",
      },
      template: { status: "unknown", next: "leave out --offline to ask it." },
    });
  });

  test.each([
    ["a day that is over", "2020-01-31", { status: "wrong", message: "still served: get_note@1 ends on 2020-01-31." }],
    [
      "a day to come",
      "2999-01-31",
      { status: "ok", message: "get_note@1 ends on 2999-01-31, rename_tag@1 ends on 2999-12-31." },
    ],
  ])("an earlier version with %s is named", async (_what, sunset, finding) => {
    const folder = temporaryFolder();
    const lock = JSON.parse(readFileSync(join(templates, "notes/contract.lock.json"), "utf8"));
    lock.tools.rename_tag.versions = { "1": { sunset: "2999-12-31" } };
    lock.tools.get_note.versions = { "1": { sunset }, "2": {} };
    writeFileSync(join(folder, "contract.lock.json"), JSON.stringify(lock));
    const project = { folder } as Project;
    expect(await versionsCheck({ project, offline: true, args: undefined })).toMatchObject(finding);
  });

  test("names what a merge left, what the lock does not say, and what a client would choke on", async () => {
    const folder = project();
    writeFileSync(join(folder, "src/left.ts"), "<<<<<<< yours\na\n=======\nb\n>>>>>>> notes-0.2.0\n");
    const lock = join(folder, "contract.lock.json");
    writeFileSync(lock, readFileSync(lock, "utf8").replace('"create_note": {', '"make_note": {'));
    const main = join(folder, "dist/main.js");
    const text = readFileSync(main, "utf8");
    const start = text.startsWith("#!") ? text.indexOf("\n") + 1 : 0;
    writeFileSync(main, `${text.slice(0, start)}process.stdout.write("ready\\n");\n${text.slice(start)}`);
    expect(await check(folder)).toMatchObject({
      code: 1,
      "conflict markers": { status: "wrong", message: "in src/left.ts." },
      contract: { status: "wrong", next: expect.any(String) },
      stdout: { status: "wrong", message: expect.stringContaining('"ready"') },
    });
    appendFileSync(join(folder, ".gitignore"), "src/left.ts\n");
    const [markers] = await runChecks(checks.slice(0, 1), asked(folder), () => {});
    expect(markers).toMatchObject({ name: "conflict markers", status: "ok" });
  });

  test("says of a server that does not start what it said", async () => {
    expect(await check(project(), "--", "--no-such-flag")).toMatchObject({
      code: 1,
      contract: { status: "wrong", message: expect.stringContaining("no-such-flag") },
      stdout: { status: "wrong", message: expect.stringContaining("no-such-flag") },
    });
  });

  test("needs a project and a build", async () => {
    const folder = temporaryFolder();
    const { code, stdout } = await run(process.execPath, [offshootBin, "check", "--json"], { cwd: folder });
    expect([code, JSON.parse(stdout)]).toEqual([
      2,
      { error: expect.stringContaining("package.json"), next: expect.any(String) },
    ]);
  });
});
