import { lstatSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { FilesError } from "../../errors.ts";
import { type Ground, type Located, locate, rules, sameThing } from "../locate.ts";
import { listEntries, locateIn } from "../open.ts";
import { findRoot } from "../paths.ts";
import { openPlaceBelow, type Place } from "../place.ts";
import { explaining, notDirectory, showPath } from "../refusals.ts";
import { syncFolder, takeName } from "./on-disk.ts";

/** The first folder on the way that is missing, and the names below it. Undefined where none is. */
export function findMissing(ground: Ground, path: string): { place: Place; inner: string[] } | undefined {
  const { root, parts } = findRoot(path, ground.roots, rules);
  const known = explaining(path, () => countExisting(ground, root, parts, path));
  if (known === parts.length) return undefined;
  const place = openPlaceBelow(ground, root, parts.slice(0, known + 1), path, { follow: false });
  return { place, inner: parts.slice(known + 1) };
}

function countExisting(ground: Ground, root: Located["root"], parts: string[], path: string): number {
  for (let known = parts.length; ; known--) {
    try {
      const found = locate(ground, root, parts.slice(0, known), path);
      found.close();
      if (found.stats.isDirectory()) return known;
      if (known < parts.length) throw notDirectory(path);
      throw new FilesError("exists", `${showPath(path)} exists already, and is no folder. Choose another name.`);
    } catch (error) {
      if (!(error instanceof FilesError) || error.code !== "not_found" || known === 0) throw error;
    }
  }
}

/** Names that differ in nothing but case: on a disk that ignores it they are one. */
export const isCaseOnly = (one: Place, other: Place): boolean => one.key.toLowerCase() === other.key.toLowerCase();

/** The same entry by names that differ in case, on a disk that ignores it. */
export const isSameEntry = (source: Place, destination: Place): boolean =>
  source.existing !== undefined &&
  destination.existing !== undefined &&
  sameThing(source.existing, destination.existing) &&
  isCaseOnly(source, destination);

/** Gives something another name. A file never replaces what it should not, not even what came in this moment. */
export async function rename(source: Place, destination: Place): Promise<void> {
  source.folder.verify();
  destination.folder.verify();
  const { existing } = destination;
  if (existing !== undefined || source.existing?.isDirectory() || isCaseOnly(source, destination)) {
    renameSync(source.at, destination.at);
    // Of two names of one file the system keeps both.
    const left = source.existing && !isCaseOnly(source, destination) && lstatSync(source.at, { throwIfNoEntry: false });
    if (left && existing && sameThing(left, existing)) unlinkSync(source.at);
  } else takeName(source.at, destination, true);
  await syncFolder(destination.folder);
  if (source.folder.at !== destination.folder.at) await syncFolder(source.folder);
}

/** Puts a thing from the trash at a free place; directories by rename, which replaces at most an empty one. */
export async function restore(from: string | Buffer, place: Place): Promise<void> {
  place.folder.verify();
  if (lstatSync(from).isDirectory()) renameSync(from, place.at);
  else takeName(from, place, true);
  await syncFolder(place.folder);
}

/**
 * Removes a folder and those that were made inside one another below it. False, and nothing is done, where there is
 * anything else in them.
 */
export async function removeFolders(ground: Ground, place: Place, inner: readonly string[]): Promise<boolean> {
  const open = [locateIn(ground, place.folder, place.name, place.given)];
  try {
    for (const [depth, name] of [...inner, undefined].entries()) {
      const folder = open[depth];
      if (folder === undefined) break;
      const names = listEntries(folder, { all: true }).map((one) => one.name);
      if (names.some((one) => one !== name)) return false;
      if (name !== undefined && names.length > 0) open.push(locateIn(ground, folder, name, place.given));
    }
    for (let depth = open.length - 1; depth > 0; depth--) rmdirSync(`${open[depth - 1]?.at}/${inner[depth - 1]}`);
    rmdirSync(place.at);
    await syncFolder(place.folder);
    return true;
  } finally {
    for (const folder of open) folder.close();
  }
}
