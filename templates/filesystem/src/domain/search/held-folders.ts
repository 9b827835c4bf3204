import type { OpenDirectory, OpenFile, SafeFs } from "../safe-fs/safe-fs.ts";

/** Folders that stay open: a descriptor each, of the 1,024 that a process usually has. */
const MOST_HELD = 128;

/** Opens files below a folder, each in the folder that it was found in. Close it. */
export interface HeldFolders {
  /** @param path below the folder, with "/" between the parts; no link is followed */
  openFile(path: string): OpenFile;
  close(): void;
}

/** Holds the folders of the files that are opened, so that many files of one folder need one walk to it. */
export function holdFolders(safeFs: SafeFs, path: string): HeldFolders {
  const top = safeFs.openDirectory(path);
  // By their path, the least recently used first.
  const held = new Map<string, OpenDirectory>();
  const folder = (below: string): OpenDirectory => {
    if (below === "") return top;
    const known = held.get(below);
    if (known !== undefined) {
      held.delete(below);
      held.set(below, known);
      return known;
    }
    const cut = below.lastIndexOf("/");
    const opened = folder(below.slice(0, Math.max(cut, 0))).openDirectory(below.slice(cut + 1));
    held.set(below, opened);
    const [oldest] = held;
    if (held.size > MOST_HELD && oldest !== undefined) {
      held.delete(oldest[0]);
      oldest[1].close();
    }
    return opened;
  };
  return {
    openFile(below) {
      const cut = below.lastIndexOf("/");
      return folder(below.slice(0, Math.max(cut, 0))).openFile(below.slice(cut + 1));
    },
    close() {
      for (const directory of [...held.values(), top]) directory.close();
      held.clear();
    },
  };
}
