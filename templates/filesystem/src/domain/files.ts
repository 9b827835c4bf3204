import { join } from "node:path";
import { createDirectory, move, remove } from "./change/arrange.ts";
import { copy } from "./change/copy.ts";
import type { Desk } from "./change/desk.ts";
import { createLocks } from "./change/locks.ts";
import { createQuota } from "./change/quota.ts";
import { undo } from "./change/undo.ts";
import { append, edit, write } from "./change/write.ts";
import type { Encoding } from "./encoding.ts";
import { FilesError } from "./errors.ts";
import { listPath, statPath } from "./look.ts";
import { readBytes, readText } from "./read.ts";
import { readLines } from "./read-lines.ts";
import { createSafeFs } from "./safe-fs/open.ts";
import { hasDescriptorPaths, openRoots } from "./safe-fs/roots.ts";
import type { Entry, Facts, SafeFs } from "./safe-fs/safe-fs.ts";
import type { Action } from "./safe-fs/trash/journal.ts";
import { createTrash } from "./safe-fs/trash/trash.ts";

/** Everything that can be done with files. What is refused is a FilesError; a change that has resolved is on disk. */
export interface Files {
  /** For what reads many files: tree, search, hashes. */
  readonly safeFs: SafeFs;
  readonly limits: FilesLimits;
  /** The allowed folders, as the user wrote them. */
  roots(): string[];
  readText(path: string, options?: ReadText): Promise<TextPart>;
  readLines(path: string, options: ReadLines): Promise<LinesPart>;
  readBytes(path: string, options?: Waiting): Promise<FileBytes>;
  stat(path: string): Promise<FileInfo>;
  list(path: string, options?: { facts?: boolean | undefined } & Waiting): Promise<ListedEntry[]>;
  createDirectory(path: string, options?: Waiting): Promise<{ created: boolean }>;
  write(path: string, content: string | Uint8Array, options?: WriteOptions): Promise<Written>;
  append(path: string, content: string, options?: Precondition & Waiting): Promise<Appended>;
  edit(path: string, edits: Edit[], options?: EditOptions): Promise<Edited>;
  move(source: string, destination: string, options?: MoveOptions): Promise<void>;
  copy(source: string, destination: string, options?: MoveOptions): Promise<Copied>;
  /** To the trash, from where undo brings it back until it is swept. */
  remove(path: string, options?: Precondition & Waiting): Promise<Removed>;
  /** Takes back the newest change that has not been taken back. */
  undo(options?: Waiting): Promise<Undone>;
  /** Hears of every change made here, before its caller does. */
  onChange(listener: (event: FilesEvent) => void): () => void;
  close(): Promise<void>;
}

export interface Waiting {
  signal?: AbortSignal | undefined;
}

export interface Precondition {
  /** Change the file only if its content still has this SHA-256 (64 hexadecimal digits). */
  ifSha256?: string | undefined;
}

export interface FilesLimits {
  /** Bytes of text in one answer. */
  textBytes: number;
  /** Bytes of a file that is answered whole, as an image is. */
  binaryBytes: number;
  /** Bytes of a file that may be edited, and of one write. */
  writeBytes: number;
  /** Entries of one folder. */
  entries: number;
}

export interface ReadText extends Waiting {
  /** Only the first lines. Not together with tail or cursor. */
  head?: number | undefined;
  /** Only the last lines. */
  tail?: number | undefined;
  /** Where an earlier answer stopped. */
  cursor?: string | undefined;
}

export interface TextPart {
  /** Byte-exact for UTF-8: a byte order mark and CRLF stay in it. */
  text: string;
  /** Of the whole file. */
  size: number;
  encoding: Encoding;
  /** Of the whole file, where all of it is in this answer. */
  sha256?: string;
  /** There is more than the cap lets through. */
  truncated: boolean;
  nextCursor?: string;
}

export interface ReadLines extends Waiting {
  /** The first line wanted, from 1. */
  offset: number;
  limit: number;
}

export interface LinesPart {
  lines: { number: number; text: string }[];
  /** Where to go on; absent at the end of the file. */
  nextOffset?: number;
  /** Lines of the file, where the end was reached. */
  total?: number;
}

export interface FileBytes {
  bytes: Uint8Array;
  mimeType: string;
  size: number;
}

export interface FileInfo extends Facts {
  path: string;
  /** The path leads over a link. */
  link: boolean;
}

export interface ListedEntry extends Entry {
  /** Of a link: the link itself. Absent where facts were not asked for, or the entry has gone. */
  facts?: Facts;
}

export interface WriteOptions extends Precondition, Waiting {
  /** False refuses where there is a file already. @default true */
  overwrite?: boolean | undefined;
}

export interface Written {
  created: boolean;
  size: number;
  sha256: string;
}

export interface Appended {
  created: boolean;
  size: number;
  /** Absent for a file too large to hash on the way. */
  sha256?: string;
}

export interface Edit {
  oldText: string;
  newText: string;
  /** How often oldText must occur; all are replaced. @default 1 */
  expectedReplacements?: number | undefined;
  /** Replace every occurrence, however many. */
  replaceAll?: boolean | undefined;
}

export interface EditOptions extends Precondition, Waiting {
  /** Only tell what would change. */
  dryRun?: boolean | undefined;
}

export interface Edited {
  /** A unified diff. Absent where the texts differ too much for one. */
  diff?: string;
  replacements: number;
  sizeBefore: number;
  size: number;
  sha256Before: string;
  /** What it has now, or would have after a dry run. */
  sha256: string;
  applied: boolean;
}

export interface MoveOptions extends Waiting {
  /** Replace a file at the destination; it goes to the trash. A folder is never replaced. @default false */
  overwrite?: boolean | undefined;
}

export interface Copied {
  files: number;
  bytes: number;
  /** Links, devices and the like, which are not copied. */
  skipped: number;
}

export interface Removed {
  type: Entry["type"];
}

export interface Undone {
  action: Action;
  /** As it was given when the change was made. */
  path: string;
  /** Where a move had gone. */
  destination?: string;
}

export interface FilesEvent {
  type: "created" | "changed" | "deleted";
  /** Absolute, below a root as the user wrote it. */
  path: string;
}

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
 * Opens the allowed folders. Refuses to start on one that is missing, is no folder or holds no real files (/proc). What a
 * crash left half done and what the trash has kept long enough goes now.
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
