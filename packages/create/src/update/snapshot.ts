import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { linkOnTheWay } from "../path-problem.ts";
import { isProjectFile } from "../templates.ts";
import type { FileEntry, Files } from "./files.ts";
import type { ScratchRepository } from "./git.ts";

/** Lockfiles are made, not merged: the package manager writes them again. */
const LOCKFILES = /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?)$/;

/** Whether a path takes part in a merge. */
export const takesPart = (path: string): boolean =>
  isProjectFile(path) && !LOCKFILES.test(path) && !/(^|\/)(node_modules|\.turbo|\.git)(\/|$)/.test(path);

/**
 * The files of a folder that are its own: what its `.gitignore` leaves in, and `wanted` paths whatever that says. It
 * need not be a repository.
 */
export async function snapshot(
  repository: ScratchRepository,
  folder: string,
  wanted: Iterable<string> = [],
): Promise<Files> {
  const listed = await repository.git(["ls-files", "-z", "--others", "--exclude-standard"], { workTree: folder });
  const paths = new Set([...String(listed.stdout).split("\0").filter(Boolean), ...wanted]);
  const files: Files = new Map();
  for (const path of [...paths].filter(takesPart).sort()) {
    // What lies behind a link is not of this folder.
    const entry = linkOnTheWay(folder, path) === undefined ? readEntry(join(folder, path)) : undefined;
    if (entry !== undefined) files.set(path, entry);
  }
  return files;
}

/** A file as it stands on the disk; `undefined` where there is none, or a folder. */
export function readEntry(file: string): FileEntry | undefined {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink()) return { bytes: Buffer.from(readlinkSync(file)), executable: false, link: true };
  if (!stat?.isFile()) return undefined;
  return { bytes: readFileSync(file), executable: (stat.mode & 0o100) !== 0 };
}
