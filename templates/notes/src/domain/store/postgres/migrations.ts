import { NotesError } from "../../errors.ts";

/**
 * One entry for each schema version, in order; `counters.schema` says which was applied last. Never change an entry that
 * was released: add one.
 *
 * - Bodies are bytea: text takes no NUL.
 * - COLLATE "C" orders by code point, as SQLite does, whatever the database's own order is.
 * - An entry of a B-tree has at most 2,704 bytes. Names, paths and keys can be longer: they are indexed by their hash or
 *   their first 200 characters.
 */
export const migrations: readonly string[] = [
  `
  -- One row. Every change locks it first: numbers have no gaps, and their order is that of the commits.
  CREATE TABLE counters (
    schema int NOT NULL,
    seq bigint NOT NULL,
    number bigint NOT NULL,
    keys bigint NOT NULL,
    live bigint NOT NULL,
    index text NOT NULL
  );
  INSERT INTO counters VALUES (0, 0, 0, 0, 0, '');

  CREATE TABLE activity (
    seq bigint PRIMARY KEY,
    at text NOT NULL,
    action text NOT NULL,
    changes text NOT NULL
  );

  CREATE TABLE notes (
    number bigint PRIMARY KEY,
    title text NOT NULL,
    title_key text COLLATE "C" NOT NULL,
    tags text NOT NULL,
    folder text COLLATE "C" NOT NULL,
    file text COLLATE "C",
    size bigint NOT NULL,
    version bigint NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    deleted_at text,
    seq bigint NOT NULL,
    hash text NOT NULL,
    front bytea NOT NULL,
    body bytea NOT NULL
  );
  CREATE INDEX notes_by_title ON notes (title_key, number) WHERE deleted_at IS NULL;
  CREATE INDEX notes_by_change ON notes (seq, number) WHERE deleted_at IS NULL;
  CREATE INDEX notes_by_folder ON notes (left(folder, 200), left(file, 200)) WHERE deleted_at IS NULL;
  CREATE INDEX notes_in_trash ON notes (seq, number) WHERE deleted_at IS NOT NULL;

  CREATE TABLE revisions (
    note bigint NOT NULL REFERENCES notes,
    version bigint NOT NULL,
    title text NOT NULL,
    tags text NOT NULL,
    size bigint NOT NULL,
    updated_at text NOT NULL,
    hash text NOT NULL,
    front bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (note, version)
  );

  -- "place" counts keys in the order in which they came: the oldest go first.
  CREATE TABLE idempotency (
    place bigint PRIMARY KEY,
    key text NOT NULL,
    input text NOT NULL,
    at text COLLATE "C" NOT NULL,
    numbers text NOT NULL,
    answer text NOT NULL
  );
  CREATE INDEX idempotency_by_key ON idempotency USING hash (key);
  CREATE INDEX idempotency_by_age ON idempotency (at);

  -- What follows is of live notes only, and made again from them where counters.index says so.
  CREATE TABLE links (key text NOT NULL, path text COLLATE "C" NOT NULL, note bigint NOT NULL, folder text NOT NULL);
  CREATE INDEX links_by_key ON links USING hash (key);
  CREATE INDEX links_by_note ON links (note);
  CREATE INDEX links_by_path ON links (left(path, 200));

  CREATE TABLE names (
    key text NOT NULL,
    path text NOT NULL,
    note bigint NOT NULL,
    own text NOT NULL,
    folder text NOT NULL,
    kind int NOT NULL
  );
  CREATE INDEX names_by_key ON names USING hash (key);
  CREATE INDEX names_by_note ON names (note);

  -- Those of notes in the trash are kept, uncounted.
  CREATE TABLE note_tags (
    key text COLLATE "C" NOT NULL,
    note bigint NOT NULL,
    tag text NOT NULL,
    PRIMARY KEY (key, note)
  );
  CREATE INDEX note_tags_by_note ON note_tags (note);
  CREATE TABLE tags (tag text COLLATE "C" PRIMARY KEY, notes bigint NOT NULL);

  -- The texts come folded and cut into words, a blank before and behind each; "found" narrows them down.
  CREATE TABLE words (
    note bigint PRIMARY KEY,
    title text NOT NULL,
    body text NOT NULL,
    signs text NOT NULL,
    tags text NOT NULL,
    cut boolean NOT NULL,
    found tsvector NOT NULL
  );
  CREATE INDEX words_found ON words USING gin (found);

  -- Files that came with notes, and their bytes.
  CREATE TABLE attachments (
    path text COLLATE "C" NOT NULL,
    key text NOT NULL,
    sha256 text NOT NULL,
    size bigint NOT NULL,
    updated_at text NOT NULL
  );
  CREATE INDEX attachments_by_path ON attachments (left(path, 200));
  CREATE INDEX attachments_by_key ON attachments USING hash (key);
  -- In pieces: one value may have a gigabyte, and is held in memory whole several times on its way.
  CREATE TABLE blobs (sha256 text NOT NULL, piece int NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (sha256, piece));
  `,
];

export const newerSchema = (version: number): NotesError =>
  new NotesError(
    "refused",
    `The notes database has schema ${version} and this server knows ${migrations.length}. Nothing was changed: start a newer server.`,
  );
