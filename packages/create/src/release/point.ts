import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askGit, requireRef } from "../git-at.ts";
import { npm } from "../npm.ts";
import type { Project } from "../project.ts";
import { parseJson } from "../read-json.ts";
import { readPlainFile } from "../read-plain-file.ts";
import { Refusal } from "../terminal.ts";
import { readTarball } from "../update/read-tarball.ts";
import { isVersionOrTag } from "../update/version.ts";

/** A project at one moment: what its files were. */
export interface Point {
  /** As people call it: `v1.2.0`, `0.4.0 on the registry`, `here`. */
  name: string;
  version: string | undefined;
  /** A file's content; `undefined` where it was not there. */
  read(path: string): Buffer | undefined;
  /** Paths of all files with this name. */
  named(file: string): string[];
}

/** The newest tag before what is here; `undefined` where there is none, or no repository. */
export function lastTag(folder: string): string | undefined {
  const ask = (...args: string[]): string | undefined => {
    try {
      return String(askGit(folder, ...args)).trim();
    } catch {
      return undefined;
    }
  };
  const newest = ask("describe", "--tags", "--abbrev=0");
  const isHere = newest !== undefined && ask("describe", "--tags", "--exact-match", "HEAD") !== undefined;
  // Compared with its own tag, a release would have no change.
  return isHere && ask("status", "--porcelain") === "" ? ask("describe", "--tags", "--abbrev=0", "HEAD^") : newest;
}

/** Whether the history that tags stand in was left out when the repository was cloned, as CI does unless it is told. */
export function isShallow(folder: string): boolean {
  try {
    return String(askGit(folder, "rev-parse", "--is-shallow-repository")).trim() === "true";
  } catch {
    return false;
  }
}

/** A project as its files are now. */
export function here({ folder }: Project): Point {
  const read = (path: string) => (existsSync(join(folder, path)) ? readPlainFile(join(folder, path)).bytes : undefined);
  return pointOf("here", read, (file) => walk(folder, "", file));
}

/** A project as it was at a tag, branch or commit. @throws Refusal when git does not know it */
export function atRef({ folder }: Project, ref: string): Point {
  requireRef(folder, ref);
  const files = String(askGit(folder, "ls-tree", "-r", "--name-only", "-z", ref))
    .split("\0")
    .filter(Boolean);
  const read = (path: string) => (files.includes(path) ? askGit(folder, "show", `${ref}:./${path}`) : undefined);
  return pointOf(ref, read, (file) => files.filter((path) => path.split("/").at(-1) === file));
}

/** A project as it was published. @throws Refusal when the registry does not have it */
export async function atVersion({ manifest: { name = "" } }: Project, version: string): Promise<Point> {
  if (!isVersionOrTag(version))
    throw new Refusal(`${JSON.stringify(version)} is not a version or a tag.`, "name one, such as 0.4.0 or latest.");
  const folder = mkdtempSync(join(tmpdir(), "offshoot-release-"));
  try {
    await npm("pack", `${name}@${version}`, "--pack-destination", folder, "--silent");
    const files = readTarball(join(folder, readdirSync(folder)[0] ?? ""));
    const read = (path: string) => files.get(path)?.bytes;
    return pointOf(`${version} on the registry`, read, (file) =>
      [...files.keys()].filter((path) => path.split("/").at(-1) === file),
    );
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new Refusal(`The registry did not give ${name}@${version}.`, "name a published version, or a tag.", {
      cause,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pointOf(name: string, read: Point["read"], named: Point["named"]): Point {
  const manifest = read("package.json");
  const { version } =
    manifest === undefined
      ? {}
      : (parseJson(manifest, `package.json (${name})`, "name another point.") as { version?: string });
  return { name, version, read, named };
}

/** Files of a name, not in what others made. */
function walk(folder: string, below: string, file: string): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory())
      return ["node_modules", ".git", "dist"].includes(entry.name) ? [] : walk(folder, path, file);
    return entry.isFile() && entry.name === file ? [path] : [];
  });
}
