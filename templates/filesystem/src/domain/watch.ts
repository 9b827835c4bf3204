import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

export interface Watch {
  /** Hears of changes to this file that others make, as long as it is among the ones followed last. */
  follow(path: string): void;
  /** Tells of a change that is known otherwise. */
  touch(path: string): void;
  close(): void;
}

export interface WatchOptions {
  /** How long changes of one file are gathered into one, in ms. @default 100 */
  settleMs?: number;
  /** How many files are followed. @default 256 */
  most?: number;
}

/**
 * Tells of changes to the files it follows, once for many in a short time. It watches their folders: a file that is
 * replaced, as editors do, is another file of the same name.
 */
export function createWatch(
  onChange: (path: string) => void,
  { settleMs = 100, most = 256 }: WatchOptions = {},
): Watch {
  // In the order they were followed last.
  const followed = new Set<string>();
  const watchers = new Map<string, FSWatcher>();
  const settling = new Map<string, NodeJS.Timeout>();

  const touch = (path: string): void => {
    if (settling.has(path)) return;
    const tell = () => {
      settling.delete(path);
      onChange(path);
    };
    settling.set(path, setTimeout(tell, settleMs).unref());
  };

  const watchFolder = (folder: string): void => {
    if (watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        for (const path of followed) {
          if (dirname(path) === folder && (name === null || name === basename(path))) touch(path);
        }
      });
      watcher.on("error", () => leaveFolder(folder));
      watchers.set(folder, watcher);
    } catch {
      // The folder has gone, or the system has no watches left: changes made here are told nevertheless.
    }
  };

  const leaveFolder = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };

  return {
    follow(path) {
      followed.delete(path);
      followed.add(path);
      watchFolder(dirname(path));
      if (followed.size <= most) return;
      const [oldest] = followed;
      followed.delete(oldest as string);
      const folder = dirname(oldest as string);
      if (![...followed].some((other) => dirname(other) === folder)) leaveFolder(folder);
    },
    touch,
    close() {
      for (const folder of [...watchers.keys()]) leaveFolder(folder);
      for (const timer of settling.values()) clearTimeout(timer);
      settling.clear();
      followed.clear();
    },
  };
}
