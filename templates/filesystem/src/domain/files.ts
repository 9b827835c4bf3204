import type { Action } from "./safe-fs/journal/entry.ts";
import type { Entry, Facts, SafeFs } from "./safe-fs/safe-fs.ts";

/** Everything that can be done with files. What is refused is a FilesError; a change that has resolved is on disk. */
export interface Files {
  /** For what reads many files: tree, search, hashes. */
  readonly safeFs: SafeFs;
  readonly limits: FilesLimits;
  /** What files are in that are not UTF-8, where that is known. */
  readonly encoding: string | undefined;
  /** The allowed folders, as the user wrote them; where the work is narrowed, what it is narrowed to in them. */
  roots(): string[];
  /**
   * What `work` does reaches only what lies in one of these folders, too. An empty list narrows nothing, folders that are
   * not allowed add nothing.
   */
  narrowed<Result>(folders: readonly string[], work: () => Result): Result;
  /**
   * The same for callers who are kept to some folders, each of them one of the roots or in it. They are opened as roots of
   * their own, once for each list: nothing outside them is reached, taken back, counted or told, and they share locks and
   * the journal with all others. An empty list has no folder at all.
   *
   * @throws FilesError for a folder that {@link Files.problemOf} says something of
   */
  within(folders: readonly string[]): Files;
  /** Whether a path without links is in the folders of these. */
  holds(real: string): boolean;
  /** Why {@link Files.within} does not take a folder; undefined where it does. */
  problemOf(folder: string): string | undefined;
  readText(path: string, options?: ReadText): Promise<TextPart>;
  readLines(path: string, options: ReadLines): Promise<LinesPart>;
  readBytes(path: string, options?: Waiting): Promise<FileBytes>;
  /** Follows links, unless it is to tell of the link itself. */
  stat(path: string, options?: { follow?: boolean | undefined }): Promise<FileInfo>;
  list(path: string, options?: { facts?: boolean | undefined } & Waiting): Promise<ListedEntry[]>;
  createDirectory(path: string, options?: Waiting): Promise<{ created: boolean }>;
  write(path: string, content: string | Uint8Array, options?: WriteOptions & LookAlike): Promise<Written>;
  append(path: string, content: string, options?: Precondition & InEncoding & LookAlike & Waiting): Promise<Appended>;
  edit(path: string, edits: Edit[], options?: EditOptions): Promise<Edited>;
  move(source: string, destination: string, options?: MoveOptions): Promise<void>;
  copy(source: string, destination: string, options?: MoveOptions): Promise<Copied>;
  /** To the trash, from where undo brings it back until it is swept. */
  remove(path: string, options?: Precondition & Waiting): Promise<Removed>;
  /** Takes back the newest change that has not been taken back. */
  undo(options?: Waiting): Promise<Undone>;
  /** Hears of every change made here or within some of the folders, before its caller does. */
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
  /** Bytes of text in one answer, where its caller does not ask for more. Agents cut what is longer. */
  pageBytes: number;
  /** The most of it that may be asked for. */
  textBytes: number;
  /** Bytes of a file that is answered whole, as an image is. */
  binaryBytes: number;
  /** Bytes of a file that may be edited, and of one write. */
  writeBytes: number;
  /** Entries of one folder. */
  entries: number;
}

/** What a file is encoded in, where its bytes do not say. */
export interface InEncoding {
  /** Such as windows-1252 or gb18030. @default UTF-8, or what the server was told for everything else */
  encoding?: string | undefined;
}

export interface ReadText extends InEncoding, Waiting {
  /** Only the first lines. Not together with tail or cursor. */
  head?: number | undefined;
  /** Only the last lines. */
  tail?: number | undefined;
  /** Where an earlier answer stopped. */
  cursor?: string | undefined;
  /** @default limits.pageBytes */
  maxBytes?: number | undefined;
}

export interface TextPart {
  /** Byte-exact for UTF-8: a byte order mark and CRLF stay in it. */
  text: string;
  /** Of the whole file. */
  size: number;
  /** utf-8, utf-16le, utf-16be, unknown-8bit (shown as Latin-1), or what was named. */
  encoding: string;
  /** Of the whole file, where all of it is in this answer. */
  sha256?: string;
  /** There is more than the cap lets through: behind it, or of a tail before it. */
  truncated: boolean;
  nextCursor?: string;
}

export interface ReadLines extends InEncoding, Waiting {
  /** The first line wanted, from 1. */
  offset: number;
  limit: number;
  /** @default limits.pageBytes */
  maxBytes?: number | undefined;
}

export interface LinesPart {
  lines: ReadLine[];
  /** Where to go on; absent at the end of the file. */
  nextOffset?: number;
  /** Lines of the file, where the end was reached. */
  total?: number;
}

export interface ReadLine {
  number: number;
  text: string;
  /** Of a line that is longer than an answer: the cursor of readText for the rest of it. */
  restCursor?: string;
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

export interface WriteOptions extends Precondition, InEncoding, Waiting {
  /** False refuses where there is a file already. @default true */
  overwrite?: boolean | undefined;
}

/** Of what makes a new file. */
export interface LookAlike {
  /** False refuses (LookAlikeError) a new name that looks the same as another one in its folder. @default true */
  lookAlike?: boolean | undefined;
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

export interface EditOptions extends Precondition, InEncoding, Waiting {
  /** Only tell what would change. */
  dryRun?: boolean | undefined;
}

export interface Edited {
  /** A unified diff. Absent where the texts differ too much for one. */
  diff?: string;
  /** The diff does not show everything. */
  diffCut?: boolean;
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

export interface UndoneChange {
  action: Action;
  /** As it was given when the change was made. */
  path: string;
  /** Where a move had gone. */
  destination?: string;
}

export interface PassedOver extends UndoneChange {
  /** What has come in between, and where it helps, what to do. */
  reason: string;
}

export interface Undone extends UndoneChange {
  /** Newer changes that cannot be taken back any more. */
  passedOver: PassedOver[];
}

export interface FilesEvent {
  type: "created" | "changed" | "deleted";
  /** Absolute, below a root as the user wrote it. */
  path: string;
  /** The same without links. */
  real: string;
}
