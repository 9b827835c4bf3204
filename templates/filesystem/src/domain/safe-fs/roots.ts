import { closeSync, constants, existsSync, openSync, realpathSync, type StatsFs, statfsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FilesError } from "../errors.ts";
import { mountOf } from "./mount.ts";
import { isSystemPlace } from "./paths.ts";
import { explaining, rootReplacement, showPath } from "./refusals.ts";

/** A folder that the user allowed, fixed by device and inode when the server started. */
export interface Root {
  /** As the user wrote it, made absolute. Shown by list_allowed_directories. */
  readonly given: string;
  /** Without links. Never shown. */
  readonly real: string;
  readonly dev: number;
  readonly ino: number;
  /** Kept open: what stands at the path may change, this does not. Undefined on systems without /proc. */
  readonly fd: number | undefined;
  /** Nothing in it is changed. */
  readonly readOnly: boolean;
  /** Its own mount, and those below it that the user allows by name: see mountOf. */
  readonly mounts: ReadonlySet<number>;
  /** Throws where another folder stands at its path now. */
  verify(): void;
  close(): void;
}

/** Opens without any effect on what is opened, not even a device or a pipe. Node has no name for it. */
export const O_PATH = 0o10000000;

export const hasDescriptorPaths = () => process.platform === "linux" && existsSync("/proc/self/fd");

/** Magic numbers of statfs: proc, sysfs, devpts, cgroup, cgroup2, debugfs, tracefs. */
const systemTypes = [0x9fa0, 0x62656572, 0x1cd1, 0x27e0eb, 0x63677270, 0x64626720, 0x74726163];

export interface RootsOptions {
  descriptorPaths: boolean;
  /** Folders in which nothing may be changed. */
  readOnly?: readonly string[] | undefined;
  /** Mounts inside a root that strict policy lets through. */
  mounts?: readonly string[] | undefined;
  /** Hears of a folder that cannot be used while others can. */
  warn: (text: string) => void;
}

/** Two names of one folder make one root, which is read-only if one of them says so. */
export function openRoots(folders: readonly string[], options: RootsOptions): Root[] {
  const { readOnly = [], warn } = options;
  const roots: Root[] = [];
  const failed: unknown[] = [];
  // Those that may not be changed first, so that no second name opens them.
  const ordered = [...readOnly, ...folders.filter((folder) => !readOnly.includes(folder))];
  for (const folder of ordered) {
    try {
      const root = explaining(folder, () => openRoot(folder, readOnly.includes(folder), options));
      if (roots.some(({ dev, ino }) => dev === root.dev && ino === root.ino)) root.close();
      else roots.push(root);
    } catch (error) {
      failed.push(error);
    }
  }
  if (roots.length === 0 && failed.length > 0) throw failed[0];
  for (const error of failed)
    warn(`${error instanceof Error ? error.message : error} Going on with the other folders.`);
  const order = (root: Root) => folders.findIndex((folder) => resolve(folder) === root.given);
  return roots.sort((one, other) => order(one) - order(other));
}

function openRoot(folder: string, readOnly: boolean, { descriptorPaths, mounts = [] }: RootsOptions): Root {
  if (folder === "" || folder.includes("\0")) throw new FilesError("invalid", "A folder to allow has no name.");
  const given = resolve(folder);
  const real = realpathSync.native(given);
  const fd = descriptorPaths ? openSync(real, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW) : undefined;
  // As big integers: inode numbers of some file systems do not fit a double.
  const stats = statSync(fd === undefined ? real : `/proc/self/fd/${fd}`, { bigint: true });
  const close = () => {
    if (fd !== undefined) closeSync(fd);
  };
  if (!stats.isDirectory() || isSystemPlace(real, process.platform) || systemTypes.includes(typeOf(real))) {
    close();
    throw new FilesError(
      "refused",
      `${showPath(folder)} is no folder of files, and cannot be allowed. Choose another one.`,
    );
  }
  const dev = Number(stats.dev);
  return {
    given,
    real,
    dev,
    ino: Number(stats.ino),
    fd,
    readOnly,
    mounts: new Set([mountOf(fd, { dev }), ...mounts.map((mount) => mountAt(mount, descriptorPaths))]),
    verify() {
      const now = statSync(real, { bigint: true, throwIfNoEntry: false });
      if (now?.ino !== stats.ino || now.dev !== stats.dev) throw rootReplacement();
    },
    close,
  };
}

function mountAt(path: string, descriptorPaths: boolean): number {
  return explaining(path, () => {
    if (!descriptorPaths) return statSync(path).dev;
    const fd = openSync(path, O_PATH);
    try {
      return mountOf(fd, { dev: 0 });
    } finally {
      closeSync(fd);
    }
  });
}

/** A path without links, even where its last parts are still to be made. */
export function withoutLinks(path: string): string {
  const missing: string[] = [];
  for (let above = resolve(path); ; above = dirname(above)) {
    try {
      return join(realpathSync.native(above), ...missing.reverse());
    } catch (error) {
      if (dirname(above) === above) throw error;
      missing.push(basename(above));
    }
  }
}

function typeOf(real: string): number {
  let found: StatsFs;
  try {
    found = statfsSync(real);
  } catch {
    return 0; // some systems cannot say
  }
  return found.type;
}
