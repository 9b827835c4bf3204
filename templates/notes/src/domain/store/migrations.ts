import type { DatabaseSync } from "node:sqlite";
import { NotesError } from "../errors.ts";

/** "Ofsn" in the file's header: tells a notes database from any other SQLite file. */
export const applicationId = 0x4f66736e;

/**
 * One entry for each schema version, in order; the header's user_version counts those that were applied. Never change
 * an entry that was released: add one.
 *
 * `body` comes last in its tables, because SQLite reads a row from the left and listings need not touch it. It is a
 * BLOB, because Node 22 reads a TEXT only up to its first NUL.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE activity (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    changes TEXT NOT NULL
  ) STRICT;

  -- AUTOINCREMENT: a number is never used twice, not even after the newest note is gone.
  CREATE TABLE notes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    title_key TEXT NOT NULL,
    tags TEXT NOT NULL,
    size INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT,
    seq INTEGER NOT NULL REFERENCES activity,
    hash TEXT NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX notes_by_title ON notes (title_key, number) WHERE deleted_at IS NULL;
  CREATE INDEX notes_by_change ON notes (seq, number) WHERE deleted_at IS NULL;

  CREATE TABLE revisions (
    note INTEGER NOT NULL REFERENCES notes,
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    tags TEXT NOT NULL,
    size INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    hash TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (note, version)
  ) STRICT;

  -- Live notes only, like words.
  CREATE TABLE links (
    target TEXT NOT NULL,
    note INTEGER NOT NULL REFERENCES notes,
    PRIMARY KEY (target, note)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX links_by_note ON links (note);

  CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    input TEXT NOT NULL,
    at TEXT NOT NULL,
    numbers TEXT NOT NULL,
    answer TEXT NOT NULL
  ) STRICT;

  -- The texts come folded and cut into words: the tokenizer only has to part them at blanks.
  CREATE VIRTUAL TABLE words USING fts5 (
    title, body, signs, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '2 3'
  );
  `,
];

export const schemaVersion = (db: DatabaseSync): number =>
  Number(db.prepare("PRAGMA user_version").get()?.user_version);

/** Brings the schema up to date, one transaction a version: a crash leaves the old version or the new one. */
export function migrate(db: DatabaseSync, steps: readonly string[] = migrations): void {
  for (;;) {
    // The version is read under the lock: another process may be migrating too.
    db.exec("BEGIN IMMEDIATE");
    try {
      const version = schemaVersion(db);
      if (version > steps.length) throw newerSchema(version, steps.length);
      const step = steps[version];
      if (step !== undefined) db.exec(`${step}; PRAGMA user_version = ${version + 1}`);
      db.exec("COMMIT");
      if (step === undefined) return;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
}

export const newerSchema = (version: number, known: number): NotesError =>
  new NotesError(
    "refused",
    `The notes database has schema ${version} and this server knows ${known}. Nothing was changed: start a newer server.`,
  );
