import { basename, dirname, join } from "node:path";
import { FilesError } from "./errors.ts";
import type { OpenDirectory, SafeFs } from "./safe-fs/safe-fs.ts";

export interface Watch {
  /**
   * Tells of changes to a file, or of its coming where only its folder is there, until the returned function is called.
   *
   * @throws FilesError where the path may not be read, or too much is followed
   */
  follow(path: string, changed: () => void): () => void;
  /** Tells of a change that is known otherwise, by its path without links. */
  touch(path: string): void;
}

export interface WatchOptions {
  /** How long changes of one file are gathered into one, in ms. @default 100 */
  settleMs?: number;
  /** How many files are followed at once. @default 1024 */
  most?: number;
}

interface Followed {
  changed: Set<() => void>;
  settling?: NodeJS.Timeout | undefined;
}

/**
 * Tells of changes to the files it follows, once for many in a short time. It watches their folders: a file that is
 * replaced, as editors do, is another file of the same name.
 */
export function createWatch(safeFs: SafeFs, { settleMs = 100, most = 1_024 }: WatchOptions = {}): Watch {
  const folders = new Map<string, { files: Map<string, Followed>; stop: () => void }>();
  let count = 0;

  const tell = (file: Followed): void => {
    file.settling ??= setTimeout(() => {
      file.settling = undefined;
      for (const changed of file.changed) changed();
    }, settleMs).unref();
  };

  const watchFolder = (directory: OpenDirectory) => {
    const files = new Map<string, Followed>();
    const stop = directory.watch((name) => {
      // Without a name the system has lost count: each of them may be another.
      for (const file of name === undefined ? files.values() : [files.get(name)]) if (file) tell(file);
    });
    return { files, stop };
  };

  return {
    follow(path, changed) {
      if (count >= most) {
        throw new FilesError("quota", `${most} files are followed already. Unsubscribe from some of them first.`);
      }
      const { directory, name } = openFolder(safeFs, path);
      const at = join(directory.root.given, directory.relative);
      const folder = folders.get(at) ?? using(directory, watchFolder);
      directory.close();
      folders.set(at, folder);
      const file: Followed = folder.files.get(name) ?? { changed: new Set() };
      folder.files.set(name, file);
      // One function may be given twice, and each of them ends by itself.
      const listener = () => changed();
      file.changed.add(listener);
      count += 1;
      return () => {
        if (!file.changed.delete(listener)) return;
        count -= 1;
        if (file.changed.size > 0) return;
        clearTimeout(file.settling);
        folder.files.delete(name);
        if (folder.files.size > 0) return;
        folders.delete(at);
        folder.stop();
      };
    },
    touch(path) {
      const file = folders.get(dirname(path))?.files.get(basename(path));
      if (file !== undefined) tell(file);
    },
  };
}

/** The folder a file stands in, without links on the way, and its name there. */
function openFolder(safeFs: SafeFs, path: string): { directory: OpenDirectory; name: string } {
  try {
    const file = safeFs.openFile(path);
    file.close();
    const real = join(file.root.given, file.relative);
    return { directory: safeFs.openDirectory(dirname(real)), name: basename(real) };
  } catch (error) {
    if (!(error instanceof FilesError) || error.code !== "not_found") throw error;
    return { directory: safeFs.openDirectory(dirname(path)), name: basename(path) };
  }
}

function using<Result>(directory: OpenDirectory, use: (directory: OpenDirectory) => Result): Result {
  try {
    return use(directory);
  } catch (error) {
    directory.close();
    throw error;
  }
}
