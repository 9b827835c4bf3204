import { closeSync, constants, existsSync, openSync, realpathSync, type StatsFs, statfsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { FilesError } from "../errors.ts";
import { isSystemPlace } from "./paths.ts";
import { explaining, replacedRoot, shown } from "./refusals.ts";

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
  /** Throws where another folder stands at its path now. */
  verify(): void;
  close(): void;
}

/** Opens without any effect on what is opened, not even a device or a pipe. Node has no name for it. */
export const O_PATH = 0o10000000;

export const hasDescriptorPaths = () => process.platform === "linux" && existsSync("/proc/self/fd");

/** Magic numbers of statfs: proc, sysfs, devpts, cgroup, cgroup2, debugfs, tracefs. */
const systemTypes = [0x9fa0, 0x62656572, 0x1cd1, 0x27e0eb, 0x63677270, 0x64626720, 0x74726163];

/** Two names of one folder make one root. */
export function openRoots(folders: readonly string[], descriptorPaths: boolean): Root[] {
  const roots: Root[] = [];
  for (const folder of folders) {
    const root = explaining(folder, () => openRoot(folder, descriptorPaths));
    if (roots.some(({ dev, ino }) => dev === root.dev && ino === root.ino)) root.close();
    else roots.push(root);
  }
  if (roots.length === 0) throw new FilesError("invalid", "Name at least one folder that the server may use.");
  return roots;
}

function openRoot(folder: string, descriptorPaths: boolean): Root {
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
      `${shown(folder)} is no folder of files, and cannot be allowed. Choose another one.`,
    );
  }
  return {
    given,
    real,
    dev: Number(stats.dev),
    ino: Number(stats.ino),
    fd,
    verify() {
      const now = statSync(real, { bigint: true, throwIfNoEntry: false });
      if (now?.ino !== stats.ino || now.dev !== stats.dev) throw replacedRoot();
    },
    close,
  };
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
