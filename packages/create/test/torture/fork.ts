import { basename, posix } from "node:path";
import fc from "fast-check";
import { hotFiles } from "./releases.ts";
import { fileExporting, insert, mark, moveFiles, plainLines, type Texts, touchable } from "./texts.ts";

/** One change of a user's; the numbers choose a file and a line. */
type Edit = { kind: (typeof KINDS)[number]; file: number; line: number };

const KINDS = [
  "line near upstream's",
  "line far from upstream's",
  "new line near upstream's",
  "new line",
  "line removed",
  "file removed",
  "file renamed",
  "folder renamed",
  "file added in a folder that upstream renames",
  "file added that upstream adds too",
  "file added that uses what upstream renames",
  "file added",
  "picture replaced",
  "dependency added",
  "dependency raised",
  "script changed",
] as const;

/** A fork to be made. */
export interface ForkPlan {
  edits: Edit[];
  crlf: boolean;
  place: "repository" | "subfolder of a repository" | "no repository";
  /** Made by create-offshoot under a name of its own, or copied as it is. */
  named: boolean;
  /** Globs that its offshoot.json calls its own. */
  mine: string[];
}

/** Every kind of fork. */
export const forkPlans: fc.Arbitrary<ForkPlan> = fc.record({
  edits: fc.array(fc.record({ kind: fc.constantFrom(...KINDS), file: fc.nat(), line: fc.nat() }), {
    minLength: 2,
    maxLength: 12,
  }),
  crlf: fc.boolean(),
  place: fc.constantFrom("repository", "subfolder of a repository", "no repository"),
  named: fc.boolean(),
  mine: fc.constantFrom(
    [],
    [],
    ["src/tools/**"],
    ["src/domain/text/**", "README.md"],
    ["src/domain/**", "src/tools/**"],
  ),
});

/** What a user did, to be found again after every update. */
export interface UserWork {
  files: Texts;
  /** Files that upstream knows nothing of. */
  added: string[];
  /** Lines taken out, by file: they must not come back. */
  removedLines: { path: string; line: string }[];
  removedFiles: string[];
}

/** Does a user's work on a release, edit by edit. A plan that finds nothing to do in a place does nothing there. */
export function work(release: Texts, { edits, mine }: ForkPlan): UserWork {
  const done: UserWork = { files: new Map(release), added: [], removedLines: [], removedFiles: [] };
  for (const [index, edit] of edits.entries()) apply(done, edit, `user-${index}`);
  if (mine.length > 0) {
    const marker = JSON.parse(done.files.get("offshoot.json") as string);
    done.files.set("offshoot.json", `${JSON.stringify({ ...marker, mine }, null, 2)}\n`);
  }
  return done;
}

const pick = <Item>(items: readonly Item[], number: number): Item | undefined => items[number % items.length];

function apply(done: UserWork, { kind, file, line }: Edit, token: string): void {
  const { files } = done;
  const hot = hotFiles(files);
  const near = kind.includes("near");
  const path = pick(near ? hot : touchable(files).filter((other) => !hot.includes(other)), file);
  const add = (name: string, text: string): void => {
    if (files.has(name)) return;
    files.set(name, text);
    done.added.push(name);
  };
  const data = JSON.parse(files.get("package.json") as string);
  const save = (): unknown => files.set("package.json", `${JSON.stringify(data, null, 2)}\n`);
  switch (kind) {
    case "line near upstream's":
    case "line far from upstream's":
      if (path) mark(files, path, pick(plainLines(files.get(path) as string), line) as number, token);
      return;
    case "new line near upstream's":
    case "new line":
      if (path) insert(files, path, pick(plainLines(files.get(path) as string), line) as number, token);
      return;
    case "line removed":
      removeLine(done, file, line);
      return;
    case "file removed": {
      const target = pick([...files.keys()].filter((name) => /^test\/.*\.test\.ts$/.test(name)).sort(), file);
      if (target === undefined || done.added.includes(target)) return;
      files.delete(target);
      done.removedFiles.push(target);
      return;
    }
    case "file renamed": {
      const target = pick(
        touchable(files).filter((name) => !done.added.includes(name) && name.startsWith("src/domain/")),
        file,
      );
      if (target) rename(done, (name) => (name === target ? name.replace(/\.ts$/, "-of-mine.ts") : name));
      return;
    }
    case "folder renamed":
      rename(done, (name) => name.replace(/^src\/tools\//, "src/handlers/"));
      return;
    case "file added in a folder that upstream renames": {
      const used = fileExporting(files, "src/domain/text/", "joinPath");
      add(
        `${posix.dirname(used)}/${token}.ts`,
        `import { joinPath } from "./${basename(used)}";\n// ${token}\nexport const joined = joinPath("a", "b");\n`,
      );
      return;
    }
    case "file added that upstream adds too":
      add("src/domain/extra.ts", `export const extra = 1; // ${token}\n`);
      return;
    case "file added that uses what upstream renames": {
      const used = fileExporting(files, "src/domain/", "titleKey");
      add(
        `src/domain/${token}.ts`,
        `import { titleKey } from "./${posix.relative("src/domain", used)}";\n// ${token}\nexport const key = titleKey("a");\n`,
      );
      return;
    }
    case "file added":
      add(`src/mine/${token}.ts`, `// ${token}\nexport const mine = ${file};\n`);
      return;
    case "picture replaced":
      files.set("icon.png", `\x89PNG\0\0mine${token}`);
      return;
    case "dependency added":
      data.dependencies[`of-${token}`] = "^1.0.0";
      save();
      return;
    case "dependency raised":
      data.dependencies.zod = line % 2 === 0 ? "^4.9.0" : ">=4";
      save();
      return;
    case "script changed":
      data.scripts[`of-${token}`] = "true";
      save();
  }
}

function removeLine(done: UserWork, file: number, line: number): void {
  const { files } = done;
  const path = pick(touchable(files), file);
  if (path === undefined || done.added.includes(path)) return;
  const lines = (files.get(path) as string).split("\n");
  // Comments: without one that speaks to no compiler, everything still works.
  const comments = [...lines.keys()].filter((at) => /^\s*\/\/ (?!user-|@ts-)/.test(lines[at] as string));
  const at = pick(comments, line);
  if (at === undefined) return;
  done.removedLines.push({ path, line: lines[at] as string });
  lines.splice(at, 1);
  files.set(path, lines.join("\n"));
}

function rename(done: UserWork, newName: (path: string) => string): void {
  done.files = moveFiles(done.files, newName);
  done.added = done.added.map(newName);
  for (const removed of done.removedLines) removed.path = newName(removed.path);
}
