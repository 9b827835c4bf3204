import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { offshootBin } from "../fixtures/run.ts";

/** Files by path; `undefined` takes one away. */
type Changes = Record<string, string | Buffer | undefined>;

const lines = (name: string, count = 30): string =>
  Array.from({ length: count }, (_, index) => `export const ${name}${index} = ${index};\n`).join("");

/** A small template: what update knows of one is offshoot.json and package.json. */
const first: Changes = {
  "package.json": `${JSON.stringify({ name: "@offshoot/notes", version: "0.1.0", scripts: { test: "node gate.mjs" }, files: ["src"], dependencies: { zod: "^4.1.0" } }, null, 2)}\n`,
  "offshoot.json": '{ "template": "notes", "version": "0.1.0" }\n',
  "gate.mjs": 'import "./src/index.js";\n',
  "src/index.js": 'import { a0 } from "./a.js";\nconsole.error(a0);\n',
  "src/a.js": lines("a"),
  "src/tools/one.js": lines("one"),
  "src/tools/two.js": lines("two"),
  "icon.png": Buffer.from("\x89PNG\0\0one", "latin1"),
  ".gitignore": "node_modules/\n",
};

export interface Trial {
  folder: string;
  /** Upstream's next version. */
  next: string;
  base: string;
  read(path: string): string;
  has(path: string): boolean;
  write(changes: Changes): void;
  git(...args: string[]): string;
  commit(): void;
  /** Runs the command in the project. */
  offshoot(...args: string[]): { status: number | null; stdout: string; stderr: string };
  /** `update --json` from the old version to the next. */
  update(...args: string[]): { status: number | null; data: Record<string, never> & Told; stderr: string };
}

interface Told {
  status: string;
  conflicts: { path: string; reason: string }[];
  written: string[];
  gates: { name: string; green: boolean }[];
  knownGreen?: string;
  error?: string;
  next?: string;
}

/** A project made from a template's first version, with the user's changes, and a next version with upstream's. */
export function trial({
  yours = {},
  upstream = {},
  git = true,
  subfolder = false,
  manifest = {},
}: {
  yours?: Changes;
  upstream?: Changes;
  git?: boolean;
  subfolder?: boolean;
  manifest?: object;
} = {}): Trial {
  const root = mkdtempSync(join(tmpdir(), "offshoot-update-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const [base, next, top] = ["base", "next", "project"].map((name) => join(root, name)) as [string, string, string];
  const folder = subfolder ? join(top, "servers/mine") : top;
  const writeInto = (place: string, changes: Changes): void => {
    for (const [path, content] of Object.entries(changes)) {
      const file = join(place, path);
      if (content === undefined) rmSync(file, { recursive: true });
      else {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
    }
  };
  writeInto(base, first);
  cpSync(base, next, { recursive: true });
  const data = JSON.parse(readFileSync(join(next, "package.json"), "utf8"));
  writeInto(next, {
    "package.json": `${JSON.stringify({ ...data, ...manifest, version: "0.2.0" }, null, 2)}\n`,
    "offshoot.json": '{ "template": "notes", "version": "0.2.0" }\n',
    ...upstream,
  });
  cpSync(base, folder, { recursive: true });
  mkdirSync(join(folder, "node_modules"));
  writeInto(folder, yours);
  const run = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", ...args], {
      cwd: top,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const commit = (): void => {
    run("add", "--all");
    run("commit", "--quiet", "--allow-empty", "--message", "work");
  };
  if (git) {
    run("init", "--quiet");
    commit();
  }
  const offshoot: Trial["offshoot"] = (...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [offshootBin, ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, XDG_STATE_HOME: join(root, "state") },
    });
    return { status, stdout, stderr };
  };
  return {
    folder,
    next,
    base,
    read: (path) => readFileSync(join(folder, path), "utf8"),
    has: (path) => existsSync(join(folder, path)),
    write: (changes) => writeInto(folder, changes),
    git: run,
    commit,
    offshoot,
    update(...args) {
      const { status, stdout, stderr } = offshoot(
        "update",
        "--base",
        base,
        "--from",
        next,
        "--json",
        "--no-install",
        ...args,
      );
      return { status, stderr, data: JSON.parse(stdout) };
    },
  };
}

/** The text with one line in the place of another. */
export const replaced = (name: string, line: number, text: string): string =>
  lines(name).replace(`export const ${name}${line} = ${line};`, text);
