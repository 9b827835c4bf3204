import type { Root } from "./roots.ts";

/** What stands in a folder. A link is told as such; what it leads to is only known by opening it. */
export type EntryType = "file" | "directory" | "link" | "other";

export interface Entry {
  name: string;
  type: EntryType;
}

/** Facts about an open file or folder, from its descriptor. */
export interface Facts {
  type: EntryType;
  size: number;
  /** The permission bits, such as 0o644. */
  mode: number;
  /** Milliseconds since 1970. */
  modified: number;
  created: number;
  accessed: number;
  dev: number;
  ino: number;
  nlink: number;
}

/** A regular file inside a root that was open when it was checked. Close it. */
export interface OpenFile {
  /** Its descriptor: valid in worker threads too, until close. */
  readonly fd: number;
  readonly facts: Facts;
  /** Where it was found, below its root, with "/" between the parts. */
  readonly root: Root;
  readonly relative: string;
  /** Bytes read into the buffer; 0 at the end. For small reads: it blocks. */
  readSync(buffer: Uint8Array, position: number): number;
  read(buffer: Uint8Array, position: number): Promise<number>;
  close(): void;
}

/**
 * A folder inside a root that was open when it was checked. What is opened by name is opened in *it*, whatever its path
 * is now.
 */
export interface OpenDirectory {
  readonly facts: Facts;
  readonly root: Root;
  readonly relative: string;
  /** Sorted by name; the server's own files are left out. */
  entries(): Entry[];
  /** Whether an entry is listed only, and cannot be opened: the user denies it. */
  isDenied(name: string): boolean;
  /** Facts of one entry, a link not followed. Undefined where it has gone. */
  factsOf(name: string): Facts | undefined;
  /**
   * A regular file in this folder. A link is not followed: FilesError "wrong_kind".
   *
   * @param type as entries() has told it, which saves a look
   */
  openFile(name: string, type?: EntryType): OpenFile;
  openDirectory(name: string): OpenDirectory;
  /**
   * Hears the names of entries that change, come or go; undefined where the system has lost count. It outlives close():
   * the returned function ends it.
   */
  watch(onChange: (name: string | undefined) => void): () => void;
  close(): void;
}

/** The only way to the disk. Everything throws FilesError with the path as it was given. */
export interface SafeFs {
  readonly roots: readonly Root[];
  /** Follows links, as long as what they lead to is inside a root. */
  openFile(path: string): OpenFile;
  openDirectory(path: string): OpenDirectory;
}
