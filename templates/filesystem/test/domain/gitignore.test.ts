import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { createSafeFs } from "../../src/domain/safe-fs/open.ts";
import { hasDescriptorPaths, openRoots } from "../../src/domain/safe-fs/roots.ts";
import { searchContent } from "../../src/domain/search/content.ts";
import { searchFiles } from "../../src/domain/search/names.ts";
import { directoryTree } from "../../src/domain/search/tree.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

const hasGit = spawnSync("git", ["--version"]).status === 0;

async function repository() {
  const folder = await temporaryFolder();
  execFileSync("git", ["init", "-q"], { cwd: folder });
  const roots = openRoots([folder], { descriptorPaths: hasDescriptorPaths(), warn() {} });
  onTestFinished(() => {
    for (const root of roots) root.close();
  });
  const safeFs = createSafeFs({ roots, policy: { strictLinks: false, sameMount: false } });
  return { folder, safeFs };
}

/** Which of these files git leaves out. */
function ignoredBy(folder: string, files: string[]): Set<string> {
  const { stdout, status, stderr } = spawnSync("git", ["check-ignore", "--no-index", "-z", "--stdin"], {
    cwd: folder,
    input: files.join("\0"),
    encoding: "utf8",
    env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
  });
  if (status !== 0 && status !== 1) throw new Error(stderr);
  return new Set(stdout.split("\0").filter((name) => name !== ""));
}

const name = fc.constantFrom("a", "b", "ab", "A", "a.b", "b c", "x.log", "é", "#a", "!b");
const files = fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 12,
  selector: (parts) => parts.join("/"),
});
const pattern = fc
  .tuple(
    fc.constantFrom("", "!", "/", "**/", "\\"),
    fc.array(fc.oneof(name, fc.constantFrom("*", "?", "**", "[ab]", "[!a]", "a*", "*.log", "*b*")), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.constantFrom("", "/", "/*", "/**", " ", "\\ "),
  )
  .map(([start, parts, end]) => start + parts.join("/") + end);
const rules = fc.array(fc.oneof(pattern, fc.constantFrom("", "# a", "*", "!*/", "a/")), { maxLength: 5 });

test.skipIf(!hasGit)(
  "a search that minds .gitignore finds what git does not leave out, whatever the rules and wherever they stand",
  async () => {
    const runs = process.env.OFFSHOOT_LONG === "1" ? 2_000 : 120;
    const { folder, safeFs } = await repository();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(files, rules, rules, fc.nat(), fc.boolean(), async (paths, top, nested, where, isWindows) => {
        // A folder for each run, with a repository of its own by its rules.
        const base = `run-${run++}`;
        const at = join(folder, base);
        mkdirSync(at);
        execFileSync("git", ["init", "-q"], { cwd: at });
        const made: string[] = [];
        for (const parts of paths) {
          const path = parts.join("/");
          try {
            mkdirSync(dirname(join(at, path)), { recursive: true });
            writeFileSync(join(at, path), "needle\n", { flag: "wx" });
            made.push(path);
          } catch {
            // A folder has this name, or a file the name of a folder.
          }
        }
        const inner = dirname(made[where % made.length] ?? "");
        const end = isWindows ? "\r\n" : "\n";
        writeFileSync(join(at, ".gitignore"), top.join("\n"));
        if (inner !== ".") writeFileSync(join(at, inner, ".gitignore"), nested.join(end));
        const ignored = ignoredBy(at, made);
        const wanted = made.filter((path) => !ignored.has(path)).sort();
        const found = (await searchFiles(safeFs, base, "**", { gitignore: true })).paths;
        expect(found.filter((path) => made.includes(path)).sort()).toEqual(wanted);
        const said = await searchContent(safeFs, base, "needle", { gitignore: true });
        expect(said.files.map(({ path }) => path).sort()).toEqual(wanted);
      }),
      { numRuns: runs },
    );
  },
);

test.skipIf(!hasGit)("rules above the folder that is searched count, up to its repository", async () => {
  const { folder, safeFs } = await repository();
  writeFileSync(join(folder, ".gitignore"), "*.log\n/d/skipped/\nleft-out/\n");
  for (const path of ["d/a.log", "d/a.txt", "d/skipped/x", "left-out/y", "d/inner/a.log"]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), "");
  }
  const found = async (path: string) => (await searchFiles(safeFs, path, "**", { gitignore: true })).paths;
  expect(await found("d")).toEqual(["a.txt", "inner"]);
  // It was asked for by name.
  expect(await found("left-out")).toEqual(["y"]);
  expect((await directoryTree(safeFs, ".", { gitignore: true })).tree.map((node) => node.name)).toEqual([
    ".gitignore",
    "d",
  ]);
  execFileSync("git", ["init", "-q"], { cwd: join(folder, "d") });
  expect(await found("d")).toEqual(["a.log", "a.txt", "inner", "inner/a.log", "skipped", "skipped/x"]);
});
