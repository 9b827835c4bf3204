import { join } from "node:path";
import { createDirectory, move, remove } from "./change/arrange.ts";
import { createBook, tidyUp } from "./change/book.ts";
import { copy } from "./change/copy.ts";
import type { Desk } from "./change/desk.ts";
import { createFolderLocks } from "./change/folder-locks.ts";
import { createLocks } from "./change/locks.ts";
import { createQuota } from "./change/quota.ts";
import { undo } from "./change/undo.ts";
import { warn } from "./change/with-journal.ts";
import { append, edit, write } from "./change/write.ts";
import type { Deny } from "./deny.ts";
import { encodingNamed } from "./encoding.ts";
import { FilesError } from "./errors.ts";
import type { Files, FilesEvent, FilesLimits } from "./files.ts";
import { listPath, statPath } from "./look.ts";
import { narrowed, narrowedTo } from "./narrow.ts";
import { readBytes, readText } from "./read.ts";
import { readLines } from "./read-lines.ts";
import { type StateFolder, stateFolder } from "./safe-fs/journal/state-folder.ts";
import { type Ground, rules } from "./safe-fs/locate.ts";
import { createSafeFs } from "./safe-fs/open.ts";
import { isIn, problemOf } from "./safe-fs/part-of-roots.ts";
import { below } from "./safe-fs/paths.ts";
import { hasDescriptorPaths, openRoots, type Root, withoutLinks } from "./safe-fs/roots.ts";
import { anyKind } from "./safe-fs/trash/trash-folder.ts";

export interface OpenFilesOptions {
  /** The folders to allow. */
  roots: string[];
  /** Refuses files with more than one hard link. @default false */
  strictLinks?: boolean | undefined;
  /** Refuses what is mounted inside a root. @default false */
  sameMount?: boolean | undefined;
  /** Mounts inside a root that are let through all the same. They must be there now. */
  mounts?: string[] | undefined;
  /** Those of the roots in which nothing may be changed. */
  readOnlyRoots?: string[] | undefined;
  /** Changes nothing anywhere, and keeps no journal. @default false */
  readOnly?: boolean | undefined;
  /**
   * A folder for the journal of changes, shared by all servers of one user.
   *
   * @default none: changes can be taken back until the process ends
   */
  state?: string | undefined;
  /** Paths below a root that are kept from callers. @default none */
  isDenied?: Deny | undefined;
  /** What files are in that are not UTF-8, such as windows-1252. @default not known: only ASCII is written to them */
  encoding?: string | undefined;
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
  pageBytes: 50_000,
  textBytes: 1024 * 1024,
  binaryBytes: 10 * 1024 * 1024,
  writeBytes: 32 * 1024 * 1024,
  entries: 100_000,
};
const weekMs = 7 * 24 * 60 * 60 * 1_000;

/**
 * Opens the allowed folders. Refuses to start where none of them can be used. What a crash left half done is finished or
 * taken back, and what the trash has kept long enough goes.
 */
export async function openFiles(options: OpenFilesOptions): Promise<Files> {
  if (options.roots.length === 0) throw new FilesError("invalid", "Name at least one folder to work in.");
  await encodingNamed(options.encoding);
  const records = stateFolder(options.state, warn);
  const files = filesOn(options, {
    records,
    holding: createLocks(),
    inFolders: createFolderLocks(records.open),
    listeners: new Set(),
    isPartial: false,
  });
  await files.ready;
  return files;
}

/** What the files of one server share, whichever folders they are in. */
interface Shared extends Pick<Desk, "holding" | "inFolders" | "isPartial"> {
  records: StateFolder;
  listeners: Set<(event: FilesEvent) => void>;
}

function filesOn(options: OpenFilesOptions, shared: Shared): Files & { ready: Promise<void> } {
  const { strictLinks = false, sameMount = false, readOnly = false, state, isDenied, mounts } = options;
  const { keepMs = weekMs, keepBytes = 1024 ** 3 } = options;
  const { records, listeners, ...locks } = shared;
  const roots = openRoots(options.roots, {
    descriptorPaths: options.descriptorPaths ?? hasDescriptorPaths(),
    readOnly: readOnly ? options.roots : options.readOnlyRoots,
    mounts,
    warn,
  });
  const policy = { strictLinks, sameMount };
  const ground: Ground = { roots, policy, isDenied, state: state === undefined ? undefined : reachable(state, roots) };
  const safeFs = createSafeFs(ground);
  const limits = { ...defaults, ...options.limits };
  const book = createBook(ground, records, { keepMs, keepBytes });
  const desk: Desk = {
    ground,
    safeFs,
    limits,
    encoding: options.encoding,
    // What is kept from callers takes its room, too.
    quota: createQuota(createSafeFs(anyKind(ground)), options.quota),
    book: book.open,
    ...locks,
    tell(type, folder, name) {
      const { root, relative } = folder;
      const event = { type, path: join(root.given, ...relative, name), real: join(root.real, ...relative, name) };
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
  let closed = false;
  const running = new Set<Promise<unknown>>();
  /** Closing waits for what runs, and nothing begins after it. */
  const open = <Result>(work: () => Result | Promise<Result>): Promise<Result> => {
    if (closed) return Promise.reject(new FilesError("closed", "The server is shutting down."));
    const result = ready.then(work);
    running.add(result);
    const done = () => running.delete(result);
    result.then(done, done);
    return result;
  };

  const closing = new AbortController();
  const background = (work: (signal: AbortSignal) => Promise<void>) => {
    void open(() => work(closing.signal)).catch((error) => closing.signal.aborted || warn(error));
  };
  const ready = !readOnly && records.isUsed() ? tidyUp(desk, background) : Promise.resolve();
  /** By the folders in them: see {@link Files.within}. */
  const parts = new Map<string, Files>();

  return {
    ready,
    within(folders) {
      if (closed) throw new FilesError("closed", "The server is shutting down.");
      const key = JSON.stringify(folders);
      const known = parts.get(key);
      if (known !== undefined) return known;
      for (const folder of folders) {
        const problem = problemOf(folder, roots);
        if (problem !== undefined) throw new FilesError("refused", problem);
      }
      const isFixed = (folder: string) => roots.some((root) => root.readOnly && isIn(root, folder));
      const readOnlyRoots = folders.filter(isFixed);
      const part = filesOn({ ...options, roots: [...folders], readOnlyRoots }, { ...shared, isPartial: true });
      parts.set(key, part);
      return part;
    },
    holds: (real) => roots.some((root) => below(root.real, real, rules) !== undefined),
    problemOf: (folder) => problemOf(folder, roots),
    safeFs,
    limits,
    encoding: options.encoding,
    roots: () => rootsNow(roots, narrowedTo()),
    narrowed: (folders, work) => (folders.length === 0 ? work() : narrowed(folders.map(withoutLinks), work)),
    readText: (path, reading) => open(() => readText(desk, path, reading)),
    readLines: (path, reading) => open(() => readLines(desk, path, reading)),
    readBytes: (path, waiting) => open(() => readBytes(desk, path, waiting)),
    stat: (path, looking) => open(() => statPath(desk, path, looking)),
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
      closing.abort();
      await Promise.allSettled([ready, ...running]);
      for (const part of parts.values()) await part.close();
      await book.close();
      if (!shared.isPartial) records.close();
      for (const root of roots) root.close();
    },
  };
}

/** A folder without links, where it is in a root or holds one. */
function reachable(folder: string, roots: readonly Root[]): string | undefined {
  const real = withoutLinks(folder);
  const isNear = (root: Root) =>
    [below(root.real, real, rules), below(real, root.real, rules)].some((rest) => rest !== undefined);
  return roots.some(isNear) ? real : undefined;
}

/** What of the allowed folders can be reached. */
function rootsNow(roots: readonly Root[], folders: readonly string[] | undefined): string[] {
  if (folders === undefined) return roots.map(({ given }) => given);
  const inside = (outer: string, inner: string) => below(outer, inner, rules) !== undefined;
  return roots.flatMap(({ given, real }) =>
    folders.some((folder) => inside(folder, real)) ? [given] : folders.filter((folder) => inside(real, folder)),
  );
}
