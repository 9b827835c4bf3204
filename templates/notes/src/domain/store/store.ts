import type { Position } from "../cursor.ts";
import type { LinkKey, Name, Named } from "../text/names.ts";
import type { Terms, Words } from "../text/search.ts";
import type { Blobs } from "./blobs.ts";

/** A note without its text, as listings hold it. */
export interface NoteHead {
  number: number;
  title: string;
  /** Bytes of UTF-8 in the body. */
  size: number;
  tags: string[];
  /** Path such as "projects/2026"; empty at the top. */
  folder: string;
  /** Name of the file it was imported from, or null where the title is all the name it has. */
  file: string | null;
  version: number;
  created_at: string;
  updated_at: string;
  /** Set while the note lies in the trash. */
  deleted_at: string | null;
  /** The change that touched the note last. Orders notes where clocks cannot. */
  seq: number;
}

export interface NoteRow extends NoteHead {
  /** Front matter with its marks, or empty. */
  front: string;
  body: string;
}

/** An earlier version of a note. */
export interface RevisionHead {
  version: number;
  title: string;
  size: number;
  tags: string[];
  /** When this version was written. */
  updated_at: string;
}

export interface Revision extends RevisionHead {
  front: string;
  body: string;
}

/** What a store keeps beside a live note, so that it can be found. */
export interface Derived {
  titleKey: string;
  folderKey: string;
  /** Its id is one more, which the store adds. */
  names: Name[];
  links: LinkKey[];
  /** Those of the note and those in its text; `key` is what they are compared by. */
  tags: { key: string; tag: string }[];
  words: Words;
}

export interface Content {
  title: string;
  body: string;
  tags: string[];
  front: string;
  folder: string;
  file: string | null;
}

export type Write =
  /** The times of a file that it was imported from, where they are known. */
  | ({ type: "created"; created_at?: string | undefined; updated_at?: string | undefined; derived: Derived } & Content)
  /** `seq` is the note's as it was read: a note that has changed since makes the whole change stale. */
  | ({ type: "updated"; number: number; seq: number; updated_at?: string | undefined; derived: Derived } & Content)
  | { type: "deleted"; number: number; seq: number }
  | { type: "restored"; number: number; seq: number; derived: Derived };

/** One mutation: all of its writes, one activity row and its idempotency key, or nothing. */
export interface Change {
  action: string;
  at: string;
  writes: Write[];
  /** Makes the change stale when anything at all was committed after this one. */
  latest?: number;
  /**
   * `input` is a digest of what was asked; `answer` comes back when the key is used again. Older keys than `expired`
   * go.
   */
  key?: { key: string; input: string; answer: string; expired: string } | undefined;
}

/**
 * The key was used before, by the same input or another. `written` are the notes of that change: number and version.
 */
export interface KeyUse {
  same: boolean;
  written: [number: number, version: number][];
  answer: string;
}

export type Committed =
  /** `rows` are the notes written, in the order of the writes. */
  | { outcome: "done"; rows: NoteRow[] }
  /** Another change came first: read again and try again. */
  | { outcome: "stale" }
  /** There would be more live notes than a store holds. */
  | { outcome: "full"; free: number }
  | ({ outcome: "replayed" } & KeyUse);

export interface ActivityRow {
  seq: number;
  at: string;
  action: string;
  changes: { type: Write["type"]; number: number; version: number }[];
}

type Sort = "updated_desc" | "updated_asc" | "created_desc" | "created_asc" | "title_asc";

export interface ListQuery {
  trashed: boolean;
  sort: Sort;
  /** A key: notes with this tag or one below it. */
  tag?: string;
  /** Notes in this folder and below it. */
  folder?: string;
  /** Inclusive, as ISO text in UTC. */
  updatedAfter?: string;
  /** Exclusive. */
  updatedBefore?: string;
  /** The last row of the page before. */
  after?: Position;
  limit: number;
}

/** A file that is no note, and came with notes. */
export interface Attachment {
  /** Where it was in its vault, with "/". */
  path: string;
  sha256: string;
  /** In bytes. */
  size: number;
  updated_at: string;
}

export interface SearchQuery {
  terms: Terms;
  /** A key, as for a list. */
  tag?: string;
  /** Notes with a higher number are left out, so that pages do not shift while notes are added. */
  ceiling: number;
  offset: number;
  limit: number;
}

/** What was found, and how far was looked where that is not the end: in 20,000 notes or links there may be none. */
export interface Looked<Row> {
  rows: Row[];
  until?: Position | undefined;
}

export interface Waiting {
  /** Ends what is awaited, on the database's server too. A store of this machine may come to its end all the same. */
  signal?: AbortSignal;
}

/**
 * Keeps notes. Everything is asynchronous and pages by key, so that a database across a network can implement it too.
 * Failures are NotesErrors: "busy", "damaged", "storage" or "closed".
 *
 * A store knows rows, not rules: what a note may hold, what a link is and who may change what is decided above it.
 */
export interface NoteStore {
  /** The notes of these numbers that exist, live or trashed, in the order asked. */
  find(numbers: number[]): Promise<NoteRow[]>;
  list(query: ListQuery, waiting?: Waiting): Promise<NoteHead[]>;
  /** Live notes in which the terms occur, all of them or any, best first. */
  search(query: SearchQuery, waiting?: Waiting): Promise<NoteRow[]>;
  /** Earlier versions, newest first; `before` is the version the last page ended with. */
  revisions(number: number, query: { before?: number; limit: number }): Promise<RevisionHead[]>;
  revision(number: number, version: number): Promise<Revision | undefined>;
  /** Tags of live notes by code point. */
  tags(query: { after?: string; limit: number }): Promise<{ tag: string; notes: number }[]>;
  /** Folders of live notes by code point, with the notes directly in them. */
  folders(query: { after?: string; limit: number }): Promise<{ folder: string; notes: number }[]>;
  /** Number of the live note that came from this file. */
  placed(folder: string, file: string): Promise<number | undefined>;
  /** The names of live notes that have one of these keys. */
  named(keys: string[]): Promise<Named[]>;
  /** Numbers of the other live notes with a link that leads to this one, lowest first. */
  linking(number: number, query: { after?: number; limit: number }): Promise<number[]>;
  /** Live notes that no other note links to, by number. */
  orphans(query: { after?: number; limit: number }, waiting?: Waiting): Promise<Looked<NoteHead>>;
  /** Links of live notes that lead to no note and no attachment, by path and number. */
  broken(
    query: { after?: Position; limit: number },
    waiting?: Waiting,
  ): Promise<Looked<{ path: string; number: number }>>;
  /** Bytes of attachments. */
  blobs: Blobs;
  /** Keeps an attachment whose bytes are in `blobs` already, in place of another one of its path. */
  attach(attachment: Attachment): Promise<void>;
  attachment(path: string): Promise<Attachment | undefined>;
  /** Attachments by path. */
  attachments(query: { after?: string; limit: number }): Promise<Attachment[]>;
  /** Oldest first with `after`, newest first without. */
  activity(query: { after?: number; before?: number; limit: number }): Promise<ActivityRow[]>;
  /** The last change, the highest number ever given, and how many notes are live. */
  head(): Promise<{ seq: number; number: number; live: number }>;
  /** What became of a key that was used before. */
  used(key: NonNullable<Change["key"]>): Promise<KeyUse | undefined>;
  /** Resolves when the change is on disk. Rejects with "busy" when another process keeps the lock. */
  commit(change: Change, waiting?: Waiting): Promise<Committed>;
  /** Why nothing that is written now would stay, such as a database file that was moved away; undefined where all is well. */
  problem(): Promise<string | undefined>;
  /**
   * The notes of an owner, who has these for "" and shares nothing with any other: numbers and changes begin at 1, and keys,
   * attachments and the limit of notes are the owner's own. They are made where there are none. The caller closes them.
   */
  of(owner: string): Promise<NoteStore>;
  /** Calls back when another process may have changed something, until the returned function is called. */
  watch(wake: () => void): () => void;
  close(): Promise<void>;
}
