import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { temporaryFolder } from "../fixtures/run.ts";

/** A project among things that must stay as they are: a home, canaries beside it, links that lead to them. */
export interface Container {
  root: string;
  project: string;
  /** Everything but the project's own plain files, as digests: what no command may change. */
  outside(): Record<string, string>;
  write(path: string, content: string | Buffer): string;
}

const manifest = (version: string): string =>
  JSON.stringify({ name: "@offshoot/notes", version, scripts: { test: "true" }, bin: { notes: "dist/main.js" } });

/** The files every release of the small template here has. */
export const release = (version: string): { path: string; content: string }[] => [
  { path: "package/package.json", content: manifest(version) },
  { path: "package/offshoot.json", content: JSON.stringify({ template: "notes", version }) },
  { path: "package/src/index.js", content: `// ${version}\n` },
];

export function container(): Container {
  const root = temporaryFolder();
  const project = join(root, "work/project");
  const write = (path: string, content: string | Buffer): string => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  for (const { path, content } of release("0.1.0")) write(path.replace("package", "work/project"), content);
  write("work/project/.gitignore", "data\nlinked.txt\nnode_modules\n");
  write("work/project/node_modules/kept.txt", "canary");
  write("home/.ssh/authorized_keys", "canary");
  write("work/victim.txt", "canary");
  write("outside/canary.txt", "canary");
  symlinkSync("../../outside", join(project, "data"));
  symlinkSync("../../outside/canary.txt", join(project, "linked.txt"));
  makeRepository(project);
  return { root, project, write, outside: () => digests(root, (path) => !isOwn(path)) };
}

let made: string | undefined;
afterAll(() => made && rmSync(made, { recursive: true, force: true }));

/** Makes a repository of the project. The projects of a file are all the same, and the later ones take a copy of the first's. */
function makeRepository(project: string): void {
  const own = join(project, ".git");
  if (made !== undefined) {
    cpSync(made, own, { recursive: true });
    return;
  }
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: project, stdio: "ignore" });
  // Without git's examples of hooks, which would be copied and digested for each project.
  git("init", "--quiet", "--template=");
  git("add", "--all");
  git("commit", "--quiet", "--message", "a copy");
  const kept = mkdtempSync(join(tmpdir(), "create-offshoot-"));
  cpSync(own, kept, { recursive: true });
  made = kept;
}

/** The project's plain files, the state of the command, the archives tried, and git's index, which `git status` refreshes. */
const isOwn = (path: string): boolean =>
  /^(state|archives)\//.test(path) ||
  /^work\/project\/(?!\.git(\/|$)|data$|linked\.txt$|node_modules\/)/.test(path) ||
  /^work\/project\/\.git\/(index|objects\/)/.test(path);

function digests(root: string, wanted: (path: string) => boolean): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (path: string): void => {
    const file = join(root, path);
    const stat = lstatSync(file);
    if (stat.isDirectory()) for (const name of readdirSync(file)) walk(path === "" ? name : `${path}/${name}`);
    else if (wanted(path))
      found[path] = stat.isSymbolicLink()
        ? `→ ${readlinkSync(file)}`
        : stat.isFile()
          ? createHash("sha256").update(readFileSync(file)).digest("hex")
          : "special";
  };
  walk("");
  return found;
}
