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
  `
  CREATE TABLE notes_2 (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    title_key TEXT NOT NULL,
    tags TEXT NOT NULL,
    folder TEXT NOT NULL,
    file TEXT,
    size INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT,
    seq INTEGER NOT NULL REFERENCES activity,
    hash TEXT NOT NULL,
    front BLOB NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  INSERT INTO notes_2
    SELECT number, title, title_key, tags, '', NULL, size, version, created_at, updated_at, deleted_at, seq, hash, x'', body
    FROM notes;
  -- A number that was used stays used, whether or not its note is still there.
  INSERT INTO sqlite_sequence (name, seq)
    SELECT 'notes_2', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'notes_2');
  UPDATE sqlite_sequence SET seq = (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name IN ('notes', 'notes_2'))
    WHERE name = 'notes_2';
  DROP TABLE notes;
  ALTER TABLE notes_2 RENAME TO notes;
  CREATE INDEX notes_by_title ON notes (title_key, number) WHERE deleted_at IS NULL;
  CREATE INDEX notes_by_change ON notes (seq, number) WHERE deleted_at IS NULL;
  CREATE INDEX notes_by_folder ON notes (folder, file) WHERE deleted_at IS NULL;
  CREATE INDEX notes_in_trash ON notes (seq, number) WHERE deleted_at IS NOT NULL;
  ALTER TABLE revisions ADD COLUMN front BLOB NOT NULL DEFAULT x'';

  -- What follows is of live notes only, and made again from them where "index" in state says so.
  DROP TABLE links;
  CREATE TABLE links (
    key TEXT NOT NULL,
    path TEXT NOT NULL,
    note INTEGER NOT NULL REFERENCES notes,
    folder TEXT NOT NULL,
    PRIMARY KEY (key, path, note)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX links_by_note ON links (note);
  CREATE INDEX links_by_path ON links (path, note);
  CREATE TABLE names (
    key TEXT NOT NULL,
    path TEXT NOT NULL,
    note INTEGER NOT NULL REFERENCES notes,
    own TEXT NOT NULL,
    folder TEXT NOT NULL,
    kind INTEGER NOT NULL,
    PRIMARY KEY (key, path, note, kind)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX names_by_note ON names (note);
  CREATE TABLE note_tags (
    key TEXT NOT NULL,
    note INTEGER NOT NULL REFERENCES notes,
    tag TEXT NOT NULL,
    PRIMARY KEY (key, note)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX note_tags_by_note ON note_tags (note);
  CREATE TABLE tags (tag TEXT PRIMARY KEY, notes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  DROP TABLE words;
  CREATE VIRTUAL TABLE words USING fts5 (
    title, body, signs, tags, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '2 3'
  );

  -- Files that came with notes. Their bytes are beside the database, named by their hash.
  CREATE TABLE attachments (
    path TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX attachments_by_key ON attachments (key);

  -- "live" counts the live notes: counting a million takes longer than all the rest of a write.
  CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO state SELECT 'live', count(*) FROM notes WHERE deleted_at IS NULL;
  INSERT INTO state VALUES ('index', ''), ('latest', 'in the file');

  -- Tells one database file from another. On a page of its own, which is never written again.
  CREATE TABLE identity (id TEXT NOT NULL) STRICT;
  INSERT INTO identity VALUES (lower(hex(randomblob(16))));
  `,
  `
  -- So that no list looks at every note of a million.
  CREATE INDEX notes_by_time ON notes (updated_at, number) WHERE deleted_at IS NULL;
  CREATE INDEX trash_by_number ON notes (number) WHERE deleted_at IS NOT NULL;
  CREATE INDEX trash_by_title ON notes (title_key, number) WHERE deleted_at IS NOT NULL;
  CREATE TABLE folders (folder TEXT PRIMARY KEY, notes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO folders SELECT folder, count(*) FROM notes WHERE deleted_at IS NULL GROUP BY folder;

  -- Said by every log of this database: it holds the page of state.
  INSERT INTO state SELECT 'identity', id FROM identity;
  `,
  `
  -- A note for each of its tags and for its folder, and for what is above them ("#a" and "#a/b"), in the order of changes:
  -- the lists that are asked for, so that none of them looks at notes it does not show.
  CREATE TABLE listed (
    list TEXT NOT NULL,
    trashed INTEGER NOT NULL,
    note INTEGER NOT NULL REFERENCES notes,
    seq INTEGER NOT NULL,
    PRIMARY KEY (list, trashed, note)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO listed
    WITH RECURSIVE up (list, note) AS (
      SELECT '#' || key, note FROM note_tags
      UNION SELECT '/' || folder, number FROM notes WHERE folder <> ''
      -- Up to its last slash, and without that.
      UNION SELECT substr(list, 1, length(rtrim(list, replace(list, '/', ''))) - 1), note FROM up WHERE substr(list, 2) LIKE '%/%'
    )
    SELECT list, deleted_at IS NOT NULL, note, seq FROM up JOIN notes ON number = note ORDER BY 1, 2, 3;
  CREATE INDEX listed_by_change ON listed (list, trashed, seq, note);
  CREATE INDEX listed_by_note ON listed (note);

  -- With the time, so that a list between two times reads the notes it shows, and of the others only this.
  DROP INDEX notes_by_change;
  CREATE INDEX notes_by_change ON notes (seq, number, updated_at) WHERE deleted_at IS NULL;

  -- Each change with a key takes the old ones away.
  CREATE INDEX idempotency_by_age ON idempotency (at);
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
