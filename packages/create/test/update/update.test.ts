import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { replaced, trial } from "./trial.ts";

const noGates = "--no-gates";

describe("an update takes upstream's changes and keeps yours", () => {
  test("changes in different places of one file come together", () => {
    const project = trial({
      yours: { "src/a.js": replaced("a", 3, "export const a3 = 'mine';") },
      upstream: { "src/a.js": replaced("a", 20, "export const a20 = 'theirs';") },
    });
    expect(project.update(noGates)).toMatchObject({ status: 0, data: { status: "clean", conflicts: [] } });
    expect(project.read("src/a.js")).toContain("a3 = 'mine'");
    expect(project.read("src/a.js")).toContain("a20 = 'theirs'");
    expect(project.read("offshoot.json")).toBe('{ "template": "notes", "version": "0.2.0" }\n');
  });

  test("the same line changed on both sides is a conflict, with both in the file and three sides in the index", () => {
    const project = trial({
      yours: { "src/a.js": replaced("a", 3, "mine();") },
      upstream: { "src/a.js": replaced("a", 3, "theirs();") },
    });
    expect(project.update(noGates)).toMatchObject({
      status: 1,
      data: { status: "conflicts", conflicts: [{ path: "src/a.js" }] },
    });
    expect(project.read("src/a.js")).toMatch(/<{7} yours\nmine\(\);\n={7}\ntheirs\(\);\n>{7} notes-0\.2\.0/);
    expect(project.git("status", "--porcelain")).toContain("UU src/a.js");
    expect(project.git("ls-files", "-u").trim().split("\n")).toHaveLength(3);
    const again = project.update(noGates);
    expect(again).toMatchObject({ status: 2, data: { error: expect.stringContaining("src/a.js") } });
  });

  test("a second run finds nothing to do", () => {
    const project = trial({ upstream: { "src/a.js": replaced("a", 3, "theirs();") } });
    project.update(noGates);
    project.commit();
    expect(project.offshoot("update", "--base", project.next, "--from", project.next, "--json")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('"up to date"'),
    });
    expect(project.git("status", "--porcelain")).toBe("");
  });

  test("a dry run and a diff change nothing", () => {
    const project = trial({ upstream: { "src/a.js": replaced("a", 3, "theirs();") } });
    expect(project.update("--dry-run").data).toMatchObject({ written: expect.arrayContaining(["src/a.js"]) });
    const { stdout } = project.offshoot("update", "--base", project.base, "--from", project.next, "--diff");
    expect(stdout).toContain("+theirs();");
    expect(project.git("status", "--porcelain")).toBe("");
  });

  test("work that is not committed is not mixed with upstream's", () => {
    const project = trial({ upstream: { "src/a.js": replaced("a", 3, "theirs();") } });
    project.write({ "src/a.js": replaced("a", 9, "mine();") });
    expect(project.update(noGates)).toMatchObject({
      status: 2,
      data: { error: expect.stringContaining("src/a.js"), next: expect.stringContaining("commit") },
    });
    expect(project.read("src/a.js")).not.toContain("theirs");
  });

  test("a folder that upstream renames takes your own file with it", () => {
    const upstream = {
      "src/tools/one.js": undefined,
      "src/tools/two.js": undefined,
      "src/handlers/one.js": replaced("one", 0, "x();"),
      "src/handlers/two.js": replaced("two", 0, "x();"),
    };
    const project = trial({ yours: { "src/tools/mine.js": "mine();\n" }, upstream });
    expect(project.update(noGates)).toMatchObject({ status: 0 });
    expect(project.read("src/handlers/mine.js")).toBe("mine();\n");
    expect(project.has("src/tools")).toBe(false);
  });

  test("a file that you removed stays removed; one that upstream has changed since is asked about", () => {
    const quiet = trial({
      yours: { "src/tools/two.js": undefined },
      upstream: { "src/a.js": replaced("a", 3, "x();") },
    });
    expect(quiet.update(noGates)).toMatchObject({ status: 0 });
    expect(quiet.has("src/tools/two.js")).toBe(false);
    const loud = trial({
      yours: { "src/tools/two.js": undefined },
      upstream: { "src/tools/two.js": replaced("two", 3, "x();") },
    });
    expect(loud.update(noGates)).toMatchObject({
      status: 1,
      data: {
        conflicts: [
          { path: "src/tools/two.js", reason: expect.stringMatching(/^you deleted it, and upstream changed it/) },
        ],
      },
    });
  });

  test("a project with CRLF keeps it, in changed lines and in new files, and untouched files keep their bytes", () => {
    const crlf = (text: string): string => text.replaceAll("\n", "\r\n");
    const project = trial({
      yours: {
        "src/a.js": crlf(replaced("a", 3, "mine();")),
        "src/index.js": crlf('import { a0 } from "./a.js";\n'),
        "src/tools/one.js": "lf\nand\r\ncrlf\n",
        ".gitignore": crlf("node_modules/\n"),
        "gate.mjs": crlf("// mine\n"),
        "src/tools/two.js": crlf(replaced("two", 0, "mine();")),
      },
      upstream: { "src/a.js": replaced("a", 20, "theirs();"), "src/new.js": "new();\n" },
    });
    expect(project.update(noGates)).toMatchObject({ status: 0 });
    expect(project.read("src/a.js")).toBe(
      crlf(replaced("a", 3, "mine();").replace("export const a20 = 20;", "theirs();")),
    );
    expect(project.read("src/new.js")).toBe("new();\r\n");
    expect(project.read("src/tools/one.js")).toBe("lf\nand\r\ncrlf\n");
  });

  test("a picture changed on both sides stays yours and is named", () => {
    const picture = (name: string): Buffer => Buffer.from(`\x89PNG\0\0${name}`, "latin1");
    const project = trial({ yours: { "icon.png": picture("mine") }, upstream: { "icon.png": picture("theirs") } });
    expect(project.update(noGates)).toMatchObject({ status: 1, data: { conflicts: [{ path: "icon.png" }] } });
    expect(project.read("icon.png")).toContain("mine");
  });

  test("a file that upstream makes executable is executable, and keeps its own mode otherwise", () => {
    const project = trial({ upstream: { "bin/run.sh": "#!/bin/sh\n" } });
    chmodSync(join(project.next, "bin/run.sh"), 0o755);
    project.update(noGates);
    expect(statSync(join(project.folder, "bin/run.sh")).mode & 0o111).toBe(0o111);
    expect(statSync(join(project.folder, "offshoot.json")).mode & 0o111).toBe(0);
  });

  test("package.json is merged as data: your name and scripts, upstream's dependencies, the higher of two ranges", () => {
    const data = {
      name: "mine",
      version: "3.1.4",
      private: true,
      scripts: { test: "node gate.mjs", mine: "true" },
      files: ["mine"],
      dependencies: { zod: "^4.9.0", own: "^1.0.0" },
    };
    const project = trial({
      yours: { "package.json": JSON.stringify(data, null, "\t") },
      manifest: { dependencies: { zod: "^4.2.0", added: "^2.0.0" }, files: ["src", "more"], license: "MIT" },
    });
    expect(project.update(noGates)).toMatchObject({ status: 0, data: { installs: true } });
    expect(project.read("package.json")).toBe(
      JSON.stringify(
        { ...data, dependencies: { zod: "^4.9.0", added: "^2.0.0", own: "^1.0.0" }, license: "MIT" },
        null,
        "\t",
      ),
    );
  });

  test("a value of package.json that both changed stays yours, is named, and leaves nothing to settle", () => {
    const project = trial({
      yours: { "package.json": '{ "name": "mine", "version": "1.0.0", "dependencies": { "zod": "file:../zod" } }\n' },
      manifest: { dependencies: { zod: "^5.0.0" } },
    });
    expect(project.update(noGates)).toMatchObject({
      status: 0,
      data: {
        conflicts: [],
        kept: [{ path: "package.json", reason: expect.stringContaining("dependencies.zod: yours is") }],
      },
    });
    expect(JSON.parse(project.read("package.json"))).toMatchObject({
      name: "mine",
      dependencies: { zod: "file:../zod" },
    });
    expect(project.git("ls-files", "-u")).toBe("");
  });

  test("in a folder of a larger repository only that folder counts", () => {
    const project = trial({
      subfolder: true,
      yours: { "src/a.js": replaced("a", 3, "mine();") },
      upstream: { "src/a.js": replaced("a", 3, "theirs();") },
    });
    expect(project.update(noGates)).toMatchObject({ status: 1 });
    expect(project.git("status", "--porcelain")).toContain("UU servers/mine/src/a.js");
  });

  test("without a repository what was replaced is kept beside", () => {
    const project = trial({
      git: false,
      yours: { "src/a.js": replaced("a", 3, "mine();") },
      upstream: { "src/a.js": replaced("a", 20, "theirs();") },
    });
    expect(project.update(noGates)).toMatchObject({ status: 0 });
    expect(project.read("src/a.js")).toContain("theirs();");
    expect(project.read(".offshoot-before/src/a.js")).toBe(replaced("a", 3, "mine();"));
  });

  test("no setting of the user's git changes the outcome", () => {
    const project = trial({
      yours: { "src/a.js": replaced("a", 3, "mine();") },
      upstream: { "src/a.js": replaced("a", 20, "theirs();") },
    });
    for (const [key, value] of [
      ["merge.renames", "false"],
      ["core.autocrlf", "true"],
      ["diff.noprefix", "true"],
      ["color.ui", "always"],
    ] as const)
      project.git("config", key, value);
    expect(project.update(noGates)).toMatchObject({ status: 0 });
    expect(project.read("src/a.js")).not.toContain("\r");
  });
});

describe("what is yours by offshoot.json", () => {
  const mine = {
    "offshoot.json": '{ "template": "notes", "version": "0.1.0", "mine": ["src/tools/**", "README.md"] }\n',
  };

  test("is left alone, is listed, and its diff is one command away", () => {
    const project = trial({
      yours: { ...mine, "src/tools/one.js": "mine();\n", "src/tools/two.js": undefined },
      upstream: {
        "src/a.js": replaced("a", 3, "theirs();"),
        "src/tools/one.js": replaced("one", 3, "theirs();"),
        "src/tools/two.js": replaced("two", 3, "theirs();"),
        "src/tools/three.js": "three();\n",
      },
    });
    expect(project.update(noGates)).toMatchObject({
      status: 0,
      data: {
        status: "clean",
        mine: { changed: ["src/tools/one.js", "src/tools/two.js"], added: ["src/tools/three.js"] },
      },
    });
    expect(project.read("src/tools/one.js")).toBe("mine();\n");
    expect([project.has("src/tools/two.js"), project.has("src/tools/three.js")]).toEqual([false, false]);
    expect(project.read("src/a.js")).toContain("theirs();");
    const sides = ["--base", project.base, "--from", project.next];
    const { stdout } = project.offshoot("update", "--mine", "--since", "0.1.0", ...sides);
    expect(stdout).toContain("+three();");
    expect(stdout).not.toContain("src/a.js");
  });

  test("never takes package.json and offshoot.json out of an update", () => {
    const project = trial({
      yours: { "offshoot.json": '{ "template": "notes", "version": "0.1.0", "mine": ["**"] }\n' },
      manifest: { dependencies: { zod: "^4.9.0" } },
    });
    expect(project.update(noGates)).toMatchObject({ status: 0 });
    expect(JSON.parse(project.read("package.json")).dependencies.zod).toBe("^4.9.0");
    expect(JSON.parse(project.read("offshoot.json")).version).toBe("0.2.0");
  });
});

describe("an update says when it breaks something", () => {
  test("types that no longer fit are red, though build and tests are green", () => {
    const types = "node --input-type=module -e \"import('./types.mjs')\"";
    const manifest = { scripts: { types, test: "node gate.mjs" } };
    const project = trial({
      yours: {
        "types.mjs": "",
        "package.json": JSON.stringify({
          name: "mine",
          version: "1.0.0",
          dependencies: { zod: "^4.1.0" },
          ...manifest,
        }),
      },
      upstream: { "types.mjs": "process.exit(1);\n" },
      manifest,
    });
    const { status, data } = project.update();
    expect([status, data.status]).toEqual([1, "red"]);
  });

  test("a new file whose import leads to nothing here is named", () => {
    const project = trial({
      yours: { "src/tools/two.js": undefined },
      upstream: { "src/new.js": 'import "./tools/two.js";\nimport "./a.js";\n' },
    });
    expect(project.update(noGates).data).toMatchObject({ unresolved: ["src/new.js: ./tools/two.js"] });
  });

  test("the project's own tests run before and after, and a clean merge that breaks them is exit code 1", () => {
    const project = trial({
      yours: { "src/index.js": 'import { a5 } from "./a.js";\nconsole.error(a5);\n' },
      upstream: { "src/a.js": replaced("a", 5, "export const five = 5;") },
    });
    expect(project.update()).toMatchObject({
      status: 1,
      data: { status: "red", conflicts: [], gates: [{ name: "test", green: false }] },
    });
  });

  test("tests that were green on these very files do not run again before an update", () => {
    const counting = 'import { appendFileSync } from "node:fs";\nappendFileSync("node_modules/runs", "x");\n';
    const project = trial({
      yours: { "gate.mjs": counting },
      upstream: { "src/a.js": replaced("a", 5, "export const five = 5;") },
    });
    const runs = (): number => project.read("node_modules/runs").length;
    const takeBack = (): void => {
      project.git("restore", ".");
      project.git("clean", "-fd", ".");
    };
    expect(project.update().data).toMatchObject({ status: "clean" });
    expect(runs()).toBe(2);
    takeBack();
    const again = project.update();
    expect(again.data).toMatchObject({ status: "clean", knownGreen: expect.stringMatching(/^\d{4}-/) });
    expect(runs()).toBe(3);
    takeBack();
    project.write({ "src/index.js": "// Another line.\n" });
    project.commit();
    expect(project.update().data.knownGreen).toBe(undefined);
    expect(runs()).toBe(5);
    takeBack();
    // What is installed counts, too.
    project.write({ "node_modules/.package-lock.json": "{}" });
    expect(project.update().data.knownGreen).toBe(undefined);
  });

  test("tests that are red before are not blamed on the update: it does not begin", () => {
    const project = trial({
      yours: { "src/index.js": "throw new Error('mine');\n" },
      upstream: { "src/a.js": replaced("a", 5, "x();") },
    });
    expect(project.update()).toMatchObject({
      status: 2,
      data: { error: expect.stringContaining("before the update") },
    });
    expect(project.read("src/a.js")).not.toContain("x();");
  });
});

describe("nothing is lost when it goes wrong", () => {
  test("a folder that is no project, a version that is not there, a base of another version: the next step is said", () => {
    const project = trial();
    expect(project.offshoot("update", "--base", project.next, "--from", project.next)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("Next:"),
    });
    expect(project.offshoot("update", "--from", "nowhere")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("There is no"),
    });
    project.write({ "offshoot.json": undefined });
    expect(project.offshoot("update")).toMatchObject({ status: 2, stderr: expect.stringContaining("offshoot.json") });
  });
});
