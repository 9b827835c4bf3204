import { accessSync, constants, lstatSync, type Stats } from "node:fs";
import { FilesError } from "../errors.ts";
import { type Ground, type Located, locate, locateRoot, moveError, refuseKept, rules, sameThing } from "./locate.ts";
import { bytesOfName } from "./names.ts";
import { findRoot } from "./paths.ts";
import { badLink, explaining, missing, notDirectory, showPath } from "./refusals.ts";

/**
 * A name in a folder that is held open: what is written there goes into that folder, wherever its path leads meanwhile.
 */
export interface Place {
  folder: Located;
  name: string;
  /** What has this name now; it may be a link only where links are not followed. */
  existing: Stats | undefined;
  /** The path to use: bytes where the name is not UTF-8. */
  at: string | Buffer;
  /** Equal for all paths that lead here. */
  key: string;
  /** As the caller named it. */
  given: string;
  close(): void;
}

/**
 * Where a path's last name is, or would be. A link there is followed to the file it leads to, so that the file changes
 * and the link stays; `follow: false` takes the link itself.
 */
export function openPlace(ground: Ground, path: string, { follow }: { follow: boolean }): Place {
  const { root, parts } = findRoot(path, ground.roots, rules);
  return openPlaceBelow(ground, root, parts, path, { follow });
}

/** The same by names below a root, as the journal has them. */
export function openPlaceBelow(
  ground: Ground,
  root: Located["root"],
  parts: string[],
  path: string,
  { follow, raw = false }: { follow: boolean; raw?: boolean | undefined },
): Place {
  if (parts.length === 0) throw isRoot(path);
  return explaining(path, () => {
    const place = placeIn(openFolder(ground, root, parts.slice(0, -1), path), parts.at(-1) ?? "", path, { raw });
    judgePlace(ground, place);
    if (!follow || !place.existing?.isSymbolicLink()) return place;
    place.close();
    const target = locate(ground, root, parts, path);
    try {
      const name = target.relative.at(-1);
      if (name === undefined) throw isRoot(path);
      const folder = openFolder(ground, target.root, target.relative.slice(0, -1), path);
      const real = placeIn(folder, name, path);
      judgePlace(ground, real);
      if (real.existing !== undefined && sameThing(real.existing, target.stats)) return real;
      real.close();
      throw moveError(path);
    } finally {
      target.close();
    }
  });
}

/** Refuses a place where nothing may be changed, and closes it. */
function judgePlace(ground: Ground, { folder, name, given, close }: Place): void {
  try {
    if (folder.root.readOnly) throw readOnlyRoot(given);
    refuseKept(ground, folder.root, [...folder.relative, name], given);
  } catch (error) {
    close();
    throw error;
  }
}

const readOnlyRoot = (path: string) =>
  new FilesError("permission", `${showPath(path)} is in a folder that the user allows for reading only.`);

/** A new or other name in a folder that is open already. The place does not own the folder. */
function placeIn(folder: Located, name: string, given: string, { raw = false } = {}): Place {
  try {
    const { at, existing } = findEntry(folder, name, { raw });
    folder.verify();
    const key = [folder.root.real, ...folder.relative, name].join("/");
    return { folder, name, existing, at, key, given, close: () => folder.close() };
  } catch (error) {
    folder.close();
    throw error;
  }
}

/** What has a name in a folder, and the path to it. A name written with `\xE9` may stand for bytes that are no UTF-8; `raw` says that it does. */
export function findEntry(
  folder: Located,
  name: string,
  { raw = false } = {},
): { at: string | Buffer; existing: Stats | undefined } {
  const at = `${folder.at}/${name}`;
  const existing = raw ? undefined : lstatSync(at, { throwIfNoEntry: false });
  const bytes = existing === undefined ? bytesOfName(name) : undefined;
  if (bytes === undefined) return { at, existing };
  const exact = Buffer.concat([Buffer.from(`${folder.at}/`), bytes]);
  const found = lstatSync(exact, { throwIfNoEntry: false });
  return found === undefined && !raw ? { at, existing } : { at: exact, existing: found };
}

function openFolder(ground: Ground, root: Located["root"], parts: string[], given: string): Located {
  let folder: Located;
  try {
    folder = parts.length === 0 ? locateRoot(ground, root, given) : locate(ground, root, parts, given);
  } catch (error) {
    if (!(error instanceof FilesError) || error.code !== "not_found") throw error;
    throw new FilesError(
      "not_found",
      `The folder of ${showPath(given)} does not exist. Make it with create_directory.`,
    );
  }
  if (folder.stats.isDirectory()) return folder;
  folder.close();
  throw notDirectory(given);
}

export const isRoot = (path: string) =>
  new FilesError(
    "refused",
    `${showPath(path)} is an allowed folder itself, which is not changed. Name something in it.`,
  );

/**
 * The regular file at a place, for a change of its content. Refuses one that is marked read-only, even where the system
 * would not.
 */
export function writableFile({ existing, at, given }: Place, { policy }: Ground): Stats {
  if (existing === undefined) throw missing(given);
  if (existing.isSymbolicLink()) throw badLink(given);
  if (existing.isDirectory())
    throw new FilesError("wrong_kind", `${showPath(given)} is a folder, where a file is needed.`);
  if (!existing.isFile()) throw new FilesError("wrong_kind", `${showPath(given)} is not a regular file.`);
  if (policy.strictLinks && existing.nlink > 1) {
    throw new FilesError("refused", `${showPath(given)} has several names (hard links), which is not permitted.`);
  }
  // Replacing a file asks only its folder for permission, so the file's own mark is asked here.
  if ((existing.mode & 0o222) === 0) throw readOnlyFile(given);
  try {
    accessSync(at, constants.W_OK);
  } catch {
    throw readOnlyFile(given);
  }
  return existing;
}

const readOnlyFile = (path: string) =>
  new FilesError(
    "permission",
    `${showPath(path)} is marked read-only. Ask the user to make it writable, or write another file.`,
  );
