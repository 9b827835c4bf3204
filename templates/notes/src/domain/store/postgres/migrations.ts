import { NotesError } from "../../errors.ts";

/**
 * One entry for each schema version, in order; `meta.schema` says which was applied last. Never change an entry that was
 * released: add one.
 *
 * - Bodies are bytea: text takes no NUL.
 * - COLLATE "C" orders by code point, as SQLite does, whatever the database's own order is.
 * - An entry of a B-tree has at most 2,704 bytes. Names, paths and keys can be longer: they are indexed by their hash or
 *   their first 200 characters.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (schema int NOT NULL, index text NOT NULL);
  INSERT INTO meta VALUES (0, '');

  -- A row for each owner of notes. Every change locks it first: numbers have no gaps, and their order is that of the
  -- commits. "digest" is the name's hash, which fits into an index.
  CREATE TABLE owners (
    owner bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    digest text NOT NULL UNIQUE,
    seq bigint NOT NULL DEFAULT 0,
    number bigint NOT NULL DEFAULT 0,
    keys bigint NOT NULL DEFAULT 0,
    live bigint NOT NULL DEFAULT 0
  );

  CREATE TABLE activity (
    owner bigint NOT NULL,
    seq bigint NOT NULL,
    at text NOT NULL,
    action text NOT NULL,
    changes text NOT NULL,
    PRIMARY KEY (owner, seq)
  );

  CREATE TABLE notes (
    owner bigint NOT NULL REFERENCES owners,
    number bigint NOT NULL,
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
    body bytea NOT NULL,
    PRIMARY KEY (owner, number)
  );
  CREATE INDEX notes_by_title ON notes (owner, title_key, number) WHERE deleted_at IS NULL;
  CREATE INDEX notes_by_change ON notes (owner, seq, number) WHERE deleted_at IS NULL;
  CREATE INDEX notes_by_folder ON notes (owner, left(folder, 200), left(file, 200)) WHERE deleted_at IS NULL;
  CREATE INDEX notes_by_time ON notes (owner, updated_at, number) WHERE deleted_at IS NULL;
  CREATE INDEX trash_by_title ON notes (owner, title_key, number) WHERE deleted_at IS NOT NULL;
  CREATE INDEX notes_in_trash ON notes (owner, seq, number) WHERE deleted_at IS NOT NULL;

  CREATE TABLE revisions (
    owner bigint NOT NULL,
    note bigint NOT NULL,
    version bigint NOT NULL,
    title text NOT NULL,
    tags text NOT NULL,
    size bigint NOT NULL,
    updated_at text NOT NULL,
    hash text NOT NULL,
    front bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (owner, note, version),
    FOREIGN KEY (owner, note) REFERENCES notes
  );

  -- "place" counts an owner's keys in the order in which they came: the oldest go first.
  CREATE TABLE idempotency (
    owner bigint NOT NULL,
    place bigint NOT NULL,
    key text NOT NULL,
    input text NOT NULL,
    at text COLLATE "C" NOT NULL,
    numbers text NOT NULL,
    answer text NOT NULL,
    PRIMARY KEY (owner, place)
  );
  CREATE INDEX idempotency_by_key ON idempotency (owner, md5(key));
  CREATE INDEX idempotency_by_age ON idempotency (owner, at);

  -- What follows is of live notes only, and made again from them where meta.index says so.
  CREATE TABLE links (
    owner bigint NOT NULL,
    key text NOT NULL,
    path text COLLATE "C" NOT NULL,
    note bigint NOT NULL,
    folder text NOT NULL
  );
  CREATE INDEX links_by_key ON links (owner, left(key, 200));
  CREATE INDEX links_by_note ON links (owner, note);
  CREATE INDEX links_by_path ON links (owner, left(path, 200));

  CREATE TABLE names (
    owner bigint NOT NULL,
    key text NOT NULL,
    path text NOT NULL,
    note bigint NOT NULL,
    own text NOT NULL,
    folder text NOT NULL,
    kind int NOT NULL
  );
  CREATE INDEX names_by_key ON names (owner, left(key, 200));
  CREATE INDEX names_by_note ON names (owner, note);

  -- Those of notes in the trash are kept, uncounted.
  CREATE TABLE note_tags (
    owner bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    note bigint NOT NULL,
    tag text NOT NULL,
    PRIMARY KEY (owner, key, note)
  );
  CREATE INDEX note_tags_by_note ON note_tags (owner, note);
  CREATE TABLE tags (
    owner bigint NOT NULL,
    tag text COLLATE "C" NOT NULL,
    notes bigint NOT NULL,
    PRIMARY KEY (owner, tag)
  );

  -- The texts come folded and cut into words, a blank before and behind each; "found" narrows them down.
  CREATE TABLE words (
    owner bigint NOT NULL,
    note bigint NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    signs text NOT NULL,
    tags text NOT NULL,
    cut boolean NOT NULL,
    found tsvector NOT NULL,
    PRIMARY KEY (owner, note)
  );
  CREATE INDEX words_found ON words USING gin (found);

  -- Files that came with notes, and their bytes.
  CREATE TABLE attachments (
    owner bigint NOT NULL,
    path text COLLATE "C" NOT NULL,
    key text NOT NULL,
    sha256 text NOT NULL,
    size bigint NOT NULL,
    updated_at text NOT NULL
  );
  CREATE INDEX attachments_by_path ON attachments (owner, left(path, 200));
  CREATE INDEX attachments_by_key ON attachments (owner, left(key, 200));
  -- In pieces: one value may have a gigabyte, and is held in memory whole several times on its way.
  CREATE TABLE blobs (sha256 text NOT NULL, piece int NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (sha256, piece));
  `,
  `
  -- Counted as they change: to group all notes takes as long as there are notes.
  CREATE TABLE folders (owner bigint NOT NULL, folder text COLLATE "C" NOT NULL, notes bigint NOT NULL);
  CREATE UNIQUE INDEX folders_by_hash ON folders (owner, md5(folder));
  CREATE INDEX folders_by_path ON folders (owner, left(folder, 200));
  INSERT INTO folders SELECT owner, folder, count(*) FROM notes WHERE deleted_at IS NULL GROUP BY owner, folder;
  `,
  `
  -- A note for each of its tags and for its folder, and for what is above them ("#a" and "#a/b"), in the order of changes:
  -- the lists that are asked for, so that none of them looks at notes it does not show.
  CREATE TABLE listed (
    owner bigint NOT NULL,
    list text COLLATE "C" NOT NULL,
    trashed boolean NOT NULL,
    note bigint NOT NULL,
    seq bigint NOT NULL
  );
  INSERT INTO listed
    WITH RECURSIVE up (owner, list, note) AS (
      SELECT owner, '#' || key, note FROM note_tags
      UNION SELECT owner, '/' || folder, number FROM notes WHERE folder <> ''
      UNION SELECT owner, regexp_replace(list, '/[^/]*$', ''), note FROM up WHERE substr(list, 2) LIKE '%/%'
    )
    SELECT owner, list, deleted_at IS NOT NULL, note, seq FROM up JOIN notes USING (owner) WHERE number = note;
  CREATE INDEX listed_by_change ON listed (owner, left(list, 200), trashed, seq, note);
  CREATE INDEX listed_by_number ON listed (owner, left(list, 200), trashed, note);
  CREATE INDEX listed_by_note ON listed (owner, note);
  ANALYZE listed;

  -- With the time, so that a list between two times reads the notes it shows, and of the others only this. The old one goes
  -- last: reads wait from there on.
  CREATE INDEX notes_by_change_and_time ON notes (owner, seq, number, updated_at) WHERE deleted_at IS NULL;
  DROP INDEX notes_by_change;
  `,
];

export const newerSchema = (version: number): NotesError =>
  new NotesError(
    "refused",
    `The notes database has schema ${version} and this server knows ${migrations.length}. Nothing was changed: start a newer server.`,
  );
