import { join } from "node:path";
import { createDirectory, move, remove } from "./change/arrange.ts";
import { copy } from "./change/copy.ts";
import type { Desk } from "./change/desk.ts";
import { createLocks } from "./change/locks.ts";
import { createQuota } from "./change/quota.ts";
import { undo } from "./change/undo.ts";
import { append, edit, write } from "./change/write.ts";
import { FilesError } from "./errors.ts";
import type { Files, FilesEvent, FilesLimits } from "./files.ts";
import { listPath, statPath } from "./look.ts";
import { readBytes, readText } from "./read.ts";
import { readLines } from "./read-lines.ts";
import { createSafeFs } from "./safe-fs/open.ts";
import { hasDescriptorPaths, openRoots } from "./safe-fs/roots.ts";
import { createTrash } from "./safe-fs/trash/trash.ts";

export interface OpenFilesOptions {
  /** The folders to allow. */
  roots: string[];
  /** Refuses files with more than one hard link. @default false */
  strictLinks?: boolean | undefined;
  /** Refuses what lies on another device than its root. @default false */
  sameDevice?: boolean | undefined;
  limits?: Partial<FilesLimits> | undefined;
  /** Most that may lie below one root; checked before what makes it grow. @default none */
  quota?: { bytes?: number | undefined; files?: number | undefined } | undefined;
  /** How long what was deleted or replaced is kept. @default 7 days */
  keepMs?: number | undefined;
  /** Most bytes kept of it in each root; the oldest go first. @default 1 GiB */
  keepBytes?: number | undefined;
  /** False takes the weaker way of systems without /proc/self/fd. @default whether this system has it */
  descriptorPaths?: boolean | undefined;
}

const defaults: FilesLimits = {
  textBytes: 1024 * 1024,
  binaryBytes: 10 * 1024 * 1024,
  writeBytes: 32 * 1024 * 1024,
  entries: 100_000,
};
const weekMs = 7 * 24 * 60 * 60 * 1_000;

/**
 * Opens the allowed folders. Refuses to start on one that is missing, is no folder or holds no real files (/proc). What
 * a crash left half done and what the trash has kept long enough goes now.
 */
export async function openFiles(options: OpenFilesOptions): Promise<Files> {
  const { strictLinks = false, sameDevice = false, keepMs = weekMs, keepBytes = 1024 ** 3 } = options;
  const roots = openRoots(options.roots, options.descriptorPaths ?? hasDescriptorPaths());
  const ground = { roots, policy: { strictLinks, sameDevice } };
  const safeFs = createSafeFs(ground);
  const limits = { ...defaults, ...options.limits };
  const trash = createTrash(ground, { keepMs, keepBytes });
  const listeners = new Set<(event: FilesEvent) => void>();
  const desk: Desk = {
    ground,
    safeFs,
    limits,
    trash,
    quota: createQuota(safeFs, options.quota),
    holding: createLocks(),
    tell(type, folder, name) {
      const event = { type, path: join(folder.root.given, ...folder.relative, name) };
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          // A listener that fails must not hide a change that is on disk.
          process.emitWarning(error instanceof Error ? error : String(error));
        }
      }
    },
  };
  trash.sweep();

  let closed = false;
  const running = new Set<Promise<unknown>>();
  /** Closing waits for what runs, and nothing begins after it. */
  const open = <Result>(work: () => Result | Promise<Result>): Promise<Result> => {
    if (closed) return Promise.reject(new FilesError("closed", "The server is shutting down."));
    const result = (async () => work())();
    running.add(result);
    const done = () => running.delete(result);
    result.then(done, done);
    return result;
  };

  return {
    safeFs,
    limits,
    roots: () => roots.map(({ given }) => given),
    readText: (path, reading) => open(() => readText(desk, path, reading)),
    readLines: (path, reading) => open(() => readLines(desk, path, reading)),
    readBytes: (path, waiting) => open(() => readBytes(desk, path, waiting)),
    stat: (path) => open(() => statPath(desk, path)),
    list: (path, listing) => open(() => listPath(desk, path, listing)),
    createDirectory: (path, waiting) => open(() => createDirectory(desk, path, waiting)),
    write: (path, content, writing) => open(() => write(desk, path, content, writing)),
    append: (path, content, writing) => open(() => append(desk, path, content, writing)),
    edit: (path, edits, editing) => open(() => edit(desk, path, edits, editing)),
    move: (source, destination, moving) => open(() => move(desk, source, destination, moving)),
    copy: (source, destination, copying) => open(() => copy(desk, source, destination, copying)),
    remove: (path, removing) => open(() => remove(desk, path, removing)),
    undo: (waiting) => open(() => undo(desk, waiting)),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      if (closed) return;
      closed = true;
      await Promise.allSettled(running);
      for (const root of roots) root.close();
    },
  };
}
