import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  read,
  readdirSync,
  readSync,
  type Stats,
  watch,
} from "node:fs";
import { promisify } from "node:util";
import { FilesError } from "../errors.ts";
import {
  type Ground,
  judgeStats,
  type Located,
  locate,
  movedError,
  openLocated,
  refuseKept,
  rules,
  sameThing,
} from "./locate.ts";
import { bytesOfName, exactNames } from "./names.ts";
import { findRoot, isReserved, reservedError } from "./paths.ts";
import { findEntry } from "./place.ts";
import { explaining, missing, notDirectory, notRegular, showPath } from "./refusals.ts";
import { O_PATH, type Root } from "./roots.ts";
import type { Entry, EntryType, Facts, OpenDirectory, OpenFile, SafeFs } from "./safe-fs.ts";
import { similarName } from "./similar.ts";

const readAt = promisify(read);

/** Opens what paths lead to, for reading. */
export function createSafeFs(ground: Ground): SafeFs {
  return {
    roots: ground.roots,
    openFile: (path) => explaining(path, () => fileOf(findPath(ground, path), path)),
    openDirectory: (path) => explaining(path, () => directoryOf(ground, findPath(ground, path), path)),
  };
}

/** What a path leads to, of whatever kind. */
export function findPath(ground: Ground, path: string): Located {
  const { root, parts } = findRoot(path, ground.roots, rules);
  try {
    return locateExact(ground, root, parts, path);
  } catch (error) {
    if (!(error instanceof FilesError) || error.code !== "not_found" || parts.length === 0) throw error;
    throw missing(path, similarName(ground, root, parts, path));
  }
}

/** Where a path leads, whose names may stand for bytes that are no UTF-8; a link that has such a name is not followed. */
function locateExact(ground: Ground, root: Root, parts: readonly string[], given: string): Located {
  try {
    return locate(ground, root, parts, given);
  } catch (error) {
    const isExact = parts.some((name) => bytesOfName(name) !== undefined);
    if (!isExact || !(error instanceof FilesError) || error.code !== "not_found") throw error;
    const folder = locateExact(ground, root, parts.slice(0, -1), given);
    try {
      return explaining(given, () => locateIn(ground, folder, parts.at(-1) ?? "", given));
    } finally {
      folder.close();
    }
  }
}

export function fileOf(located: Located, given: string): OpenFile {
  const { stats, root, relative } = located;
  try {
    if (!stats.isFile()) throw notRegular(given);
    return openFile(openLocated(located, constants.O_RDONLY, given), stats, root, relative);
  } finally {
    located.close();
  }
}

/**
 * A regular file in an open folder, a link not followed. The name must be one. Opening a device may do something, so
 * what has the name is looked at first, unless a listing has just told; what counts is what was opened then.
 */
export function openFileIn(
  ground: Ground,
  folder: Located,
  name: string,
  given: string,
  type?: EntryType | undefined,
): OpenFile {
  const { root } = folder;
  if (root.fd === undefined || name.includes("\\x")) return fileOf(locateIn(ground, folder, name, given), given);
  const relative = [...folder.relative, name];
  refuseKept(ground, root, relative, given);
  const at = `${folder.at}/${name}`;
  if ((type ?? typeOf(lstatSync(at))) !== "file") throw notRegular(given);
  const { O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = constants;
  const fd = openSync(at, O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw notRegular(given);
    judgeStats(ground, root, stats, given, fd);
    return openFile(fd, stats, root, relative);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openFile(fd: number, stats: Stats, root: Root, names: string[]): OpenFile {
  let open = true;
  return {
    fd,
    facts: factsOf(stats),
    root,
    get relative() {
      return names.join("/");
    },
    readSync: (buffer, position) => readSync(fd, buffer, 0, buffer.byteLength, position),
    read: async (buffer, position) => (await readAt(fd, buffer, 0, buffer.byteLength, position)).bytesRead,
    close() {
      // Twice would close what has been opened since.
      if (open) closeSync(fd);
      open = false;
    },
  };
}

export function directoryOf(ground: Ground, located: Located, given: string): OpenDirectory {
  const { stats, root, relative } = located;
  if (!stats.isDirectory()) {
    located.close();
    throw notDirectory(given);
  }
  let open = true;
  const inside = (name: string) => (given === "" || given.endsWith("/") ? given + name : `${given}/${name}`);
  return {
    facts: factsOf(stats),
    root,
    relative: relative.join("/"),
    entries: () => explaining(given, () => listEntries(located)),
    isDenied: (name) => ground.isDenied?.([...relative, name]) ?? false,
    factsOf(name) {
      return explaining(inside(name), () => {
        refuseNoName(name, inside(name));
        const found = findEntry(located, name).existing;
        located.verify();
        return found && factsOf(found);
      });
    },
    openFile(name, type) {
      const path = inside(name);
      return explaining(path, () => {
        refuseNoName(name, path);
        return openFileIn(ground, located, name, path, type);
      });
    },
    openDirectory(name) {
      const path = inside(name);
      return explaining(path, () => {
        refuseNoName(name, path);
        return directoryOf(ground, locateIn(ground, located, name, path), path);
      });
    },
    watch: (onChange) => explaining(given, () => watchFolder(located, given, onChange)),
    close() {
      if (open) located.close();
      open = false;
    },
  };
}

/** By its descriptor on Linux: what is watched is the folder that was opened, wherever its path leads meanwhile. */
function watchFolder(located: Located, given: string, onChange: (name: string | undefined) => void): () => void {
  try {
    located.verify();
    const watcher = watch(located.at, { persistent: false }, (_event, name) => onChange(name ?? undefined));
    // The folder has gone, on Windows: that is a change to whatever was in it.
    watcher.on("error", () => {
      watcher.close();
      onChange(undefined);
    });
    return () => watcher.close();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // As inotify says that the user's watches are used up; elsewhere ENOSPC is a full disk.
    if (code !== "ENOSPC" && code !== "EMFILE") throw cause;
    const text = `The system has no room to watch the folder of ${showPath(given)}. Read the file again instead.`;
    throw new FilesError("quota", text, { cause });
  }
}

export function listEntries(located: Located, { all = false } = {}): Entry[] {
  let entries: Entry[] = readdirSync(located.at, { withFileTypes: true }).map((entry) => {
    return { name: entry.name, type: typeOf(entry) };
  });
  if (entries.some(({ name }) => name.includes("\ufffd"))) entries = exactEntries(located);
  located.verify();
  const shownEntries = all ? entries : entries.filter(({ name }) => !isReserved(name));
  return shownEntries.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Where some names are not UTF-8, which a text cannot hold. */
function exactEntries(located: Located): Entry[] {
  return exactNames(located.at).flatMap((name) => {
    const { existing } = findEntry(located, name);
    return existing === undefined ? [] : [{ name, type: typeOf(existing) }];
  });
}

/** An entry of an open folder, a link not followed. The name must be one. */
export function locateIn(ground: Ground, folder: Located, name: string, given: string): Located {
  const at = name.includes("\\x") ? findEntry(folder, name).at : `${folder.at}/${name}`;
  const relative = [...folder.relative, name];
  const { root } = folder;
  refuseKept(ground, root, relative, given);
  if (root.fd === undefined) {
    const stats = lstatSync(at);
    judgeStats(ground, root, stats, given);
    const verify = () => {
      folder.verify();
      const now = lstatSync(at, { throwIfNoEntry: false });
      if (now === undefined || !sameThing(now, stats)) throw movedError(given);
    };
    return { root, relative, stats, at: String(at), verify, close() {} };
  }
  const fd = openSync(at, O_PATH | constants.O_NOFOLLOW);
  try {
    const stats = fstatSync(fd);
    judgeStats(ground, root, stats, given, fd);
    return { root, relative, stats, at: `/proc/self/fd/${fd}`, verify() {}, close: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function refuseNoName(name: string, given: string): void {
  if (isReserved(name)) throw reservedError(given);
  if (
    name === "" ||
    name === "." ||
    name === ".." ||
    /[/\0]/.test(name) ||
    (rules.platform === "win32" && /[\\:]/.test(name))
  ) {
    throw new FilesError("invalid", "That is no name of an entry of a folder.");
  }
}

export const typeOf = (found: Dirent | Stats): EntryType =>
  found.isFile() ? "file" : found.isDirectory() ? "directory" : found.isSymbolicLink() ? "link" : "other";

export const factsOf = (stats: Stats): Facts => ({
  type: typeOf(stats),
  size: stats.size,
  mode: stats.mode & 0o7777,
  modified: stats.mtimeMs,
  created: stats.birthtimeMs,
  accessed: stats.atimeMs,
  dev: stats.dev,
  ino: stats.ino,
  nlink: stats.nlink,
});
