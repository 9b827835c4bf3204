import type { Stats } from "node:fs";
import type { Root } from "../roots.ts";

export type Action = "write" | "append" | "edit" | "move" | "copy" | "remove" | "createDirectory";

/** A thing on disk, recognised again. A file that was written here is known by its content, anything else by its inode. */
export interface Mark {
  dev: number;
  ino: number;
  size: number;
  sha256?: string;
}

/** A name below an allowed folder. */
export interface Spot {
  root: string;
  relative: string[];
  /** The last name is not UTF-8, and is written with escapes. */
  raw?: true;
}

/** What a change is about to do, and what is needed to take it back. */
export interface Change {
  action: Action;
  /** As the caller gave it. */
  path: string;
  destination?: string | undefined;
  /** Where it happens. */
  at: Spot;
  /** Where a moved thing comes from. */
  from?: Spot | undefined;
  /** What stands there afterwards; known once it is made under a temporary name. */
  made?: Mark | undefined;
  /** What stood there before. */
  before?: Mark | undefined;
  /** The same in the trash, where it may be a copy. */
  kept?: Mark | undefined;
  /** Bytes added to the end of what stood there; they are in the trash too. */
  added?: number | undefined;
  /** Names of folders made inside of one another below `at`. */
  folders?: string[] | undefined;
}

/**
 * `begun`: its process has not said yet that it is done. `undoing`: it is being taken back. `undone`: nothing is left to
 * take back, and what lies in the trash waits for its end.
 */
export type State = "begun" | "done" | "undoing" | "undone";

export interface Entry {
  seq: number;
  /** Names its temporary and its kept things. */
  id: string;
  state: State;
  /** Which process it is of. */
  owner: string;
  change: Change;
  /** What lies in the trash because of it, where this process has put it there itself. */
  bytes?: number | undefined;
}

export const rootKey = ({ dev, ino }: Pick<Root, "dev" | "ino">): string => `${dev}-${ino}`;

export const markOf = ({ dev, ino, size }: Stats, sha256?: string): Mark => ({
  dev,
  ino,
  size,
  ...(sha256 !== undefined && { sha256 }),
});

/** The very thing; a file only as long as nobody made it longer or shorter. */
export function isMarked(found: Stats | undefined, mark: Mark | undefined): boolean {
  if (found === undefined || mark === undefined) return false;
  return found.dev === mark.dev && found.ino === mark.ino && (!found.isFile() || found.size === mark.size);
}
