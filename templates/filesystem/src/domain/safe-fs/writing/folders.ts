import { lstatSync, mkdirSync, renameSync, rmdirSync } from "node:fs";
import { FilesError } from "../../errors.ts";
import { type Ground, type Located, locate, rules, sameThing } from "../locate.ts";
import { locateIn } from "../open.ts";
import { findRoot } from "../paths.ts";
import type { Place } from "../place.ts";
import { explained, explaining, notDirectory, shown } from "../refusals.ts";
import { syncFolder, takeName } from "./on-disk.ts";

/**
 * Makes a folder and those on the way to it. Gives those that were new, the outermost first, with the folder each is
 * in; close those.
 */
export async function makeFolders(ground: Ground, path: string): Promise<{ folder: Located; name: string }[]> {
  const { root, parts } = findRoot(path, ground.roots, rules);
  const [start, known] = explaining(path, () => deepestExisting(ground, root, parts, path));
  const made: { folder: Located; name: string }[] = [];
  let folder: Located = start;
  try {
    for (const name of parts.slice(known)) {
      folder.verify();
      const isNew = explaining(path, () => makeFolder(`${folder.at}/${name}`));
      await syncFolder(folder);
      const child = explaining(path, () => locateIn(ground, folder, name, path));
      if (isNew) made.push({ folder, name });
      else folder.close();
      folder = child;
      if (!child.stats.isDirectory()) throw notDirectory(path);
    }
    return made;
  } catch (error) {
    for (const { folder: one } of made) one.close();
    throw explained(error, path);
  } finally {
    folder.close();
  }
}

function makeFolder(at: string): boolean {
  try {
    mkdirSync(at);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false; // somebody was faster
  }
}

function deepestExisting(ground: Ground, root: Located["root"], parts: string[], path: string): [Located, number] {
  for (let known = parts.length; ; known--) {
    try {
      const found = locate(ground, root, parts.slice(0, known), path);
      if (found.stats.isDirectory()) return [found, known];
      found.close();
      if (known < parts.length) throw notDirectory(path);
      throw new FilesError("exists", `${shown(path)} exists already, and is no folder. Choose another name.`);
    } catch (error) {
      if (!(error instanceof FilesError) || error.code !== "not_found" || known === 0) throw error;
    }
  }
}

/** Gives something another name. A file never replaces what it should not, not even what came in this moment. */
export async function rename(source: Place, destination: Place): Promise<void> {
  source.folder.verify();
  destination.folder.verify();
  const { existing } = destination;
  if (existing !== undefined || source.existing?.isDirectory()) renameSync(source.at, destination.at);
  else takeName(source.at, destination, true);
  await syncFolder(destination.folder);
  await syncFolder(source.folder);
}

/** The same entry by names that differ in case, on a disk that ignores it. */
export const isSameEntry = (source: Place, destination: Place): boolean =>
  source.existing !== undefined &&
  destination.existing !== undefined &&
  sameThing(source.existing, destination.existing) &&
  source.key.toLowerCase() === destination.key.toLowerCase();

/** Puts a thing at a free place; directories by rename, which replaces at most an empty one. */
export async function restore(from: string, place: Place, { replacing }: { replacing: boolean }): Promise<void> {
  place.folder.verify();
  if (replacing || lstatSync(from).isDirectory()) renameSync(from, place.at);
  else takeName(from, place, true);
  await syncFolder(place.folder);
}

export function removeFolder(place: Place): void {
  place.folder.verify();
  rmdirSync(place.at);
}
