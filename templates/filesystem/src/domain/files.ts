import type { Encoding } from "./encoding.ts";
import type { Entry, Facts, SafeFs } from "./safe-fs/safe-fs.ts";
import type { Action } from "./safe-fs/trash/journal.ts";

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
