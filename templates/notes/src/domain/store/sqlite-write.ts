import type { DatabaseSync, StatementSync } from "node:sqlite";
import { limits } from "../note.ts";
import { hashNote, hashRevision, readNote, writeBody } from "./sqlite-rows.ts";
import type { Change, Committed, Derived, KeyUse, NoteRow, Write } from "./store.ts";

type KeyReader = (key: NonNullable<Change["key"]>) => KeyUse | undefined;

/** Reads what became of a key, inside a change's transaction or on its own. */
export function createKeyReader(db: DatabaseSync): KeyReader {
  const statement = db.prepare("SELECT input, numbers, answer FROM idempotency WHERE key = ? AND at >= ?");
  return ({ key, input, expired }) => {
    const row = statement.get(key, expired);
    if (row === undefined) return undefined;
    return { same: row.input === input, written: JSON.parse(String(row.numbers)), answer: String(row.answer) };
  };
}

/** The writing half: one change as one transaction. The caller repeats it when the database is locked. */
export function createWriter(db: DatabaseSync, used: KeyReader): (change: Change) => Committed {
  // Every run answers with the last rowid of the connection. The full-text index has rowids of its own that a number
  // cannot hold, and Node 26 throws for one, after the work is done.
  const writing = (text: string): StatementSync => {
    const statement = db.prepare(text);
    statement.setReadBigInts(true);
    return statement;
  };
  const sql = {
    expireKeys: writing("DELETE FROM idempotency WHERE at < ?"),
    addKey: writing("INSERT INTO idempotency (key, input, at, numbers, answer) VALUES (?, ?, ?, ?, ?)"),
    dropKeys: writing("DELETE FROM idempotency WHERE rowid <= ?"),
    latest: db.prepare("SELECT coalesce(max(seq), 0) AS seq FROM activity"),
    live: db.prepare("SELECT count(*) AS live FROM notes WHERE deleted_at IS NULL"),
    addActivity: writing("INSERT INTO activity (at, action, changes) VALUES (?, ?, '[]')"),
    setChanges: writing("UPDATE activity SET changes = ? WHERE seq = ?"),
    note: db.prepare("SELECT * FROM notes WHERE number = ?"),
    add: writing(
      "INSERT INTO notes (title, title_key, tags, size, version, created_at, updated_at, deleted_at, seq, hash, body) VALUES (?, ?, ?, ?, 1, ?, ?, NULL, ?, '', ?)",
    ),
    setHash: writing("UPDATE notes SET hash = ? WHERE number = ?"),
    set: writing(
      "UPDATE notes SET title = ?, title_key = ?, tags = ?, size = ?, version = ?, updated_at = ?, deleted_at = ?, seq = ?, hash = ?, body = ? WHERE number = ?",
    ),
    addRevision: writing(
      "INSERT INTO revisions (note, version, title, tags, size, updated_at, hash, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    // Never the first version: a repeated create answers with it.
    dropRevisions: writing("DELETE FROM revisions WHERE note = ? AND version > 1 AND version <= ?"),
    dropLinks: writing("DELETE FROM links WHERE note = ?"),
    addLink: writing("INSERT INTO links (target, note) VALUES (?, ?)"),
    dropWords: writing("DELETE FROM words WHERE rowid = ?"),
    addWords: writing("INSERT INTO words (rowid, title, body, signs) VALUES (?, ?, ?, ?)"),
  };

  function index(number: number, derived: Derived | undefined) {
    sql.dropLinks.run(number);
    sql.dropWords.run(number);
    if (derived === undefined) return;
    for (const target of derived.links) sql.addLink.run(target, number);
    sql.addWords.run(number, derived.words.title, derived.words.body, derived.words.signs);
  }

  function create(write: Extract<Write, { type: "created" }>, at: string, seq: number): NoteRow {
    const { title, body, tags, derived, created_at = at } = write;
    const size = Buffer.byteLength(body);
    const bytes = writeBody(body);
    const added = sql.add.run(title, derived.titleKey, JSON.stringify(tags), size, created_at, at, seq, bytes);
    const number = Number(added.lastInsertRowid);
    const row = { number, title, body, size, tags, version: 1, created_at, updated_at: at, deleted_at: null, seq };
    sql.setHash.run(hashNote(row), number);
    index(number, derived);
    return row;
  }

  function keepRevision(row: NoteRow) {
    const { number, version, title, tags, size, updated_at, body } = row;
    sql.addRevision.run(
      number,
      version,
      title,
      JSON.stringify(tags),
      size,
      updated_at,
      hashRevision(number, row),
      writeBody(body),
    );
    sql.dropRevisions.run(number, version - limits.revisions + 1);
  }

  /** Undefined where the note has changed since the caller read it. */
  function alter(write: Exclude<Write, { type: "created" }>, at: string, seq: number): NoteRow | undefined {
    const found = sql.note.get(write.number);
    if (found?.seq !== write.seq) return undefined;
    const before = readNote(found);
    const row: NoteRow = { ...before, deleted_at: write.type === "deleted" ? at : null, seq };
    if (write.type === "updated") {
      keepRevision(before);
      const { title, body, tags } = write;
      Object.assign(row, {
        title,
        body,
        tags,
        size: Buffer.byteLength(body),
        version: before.version + 1,
        updated_at: at,
      });
    }
    const derived = write.type === "deleted" ? undefined : write.derived;
    const titleKey = derived?.titleKey ?? String(found.title_key);
    const { title, tags, size, version, updated_at, deleted_at, body, number } = row;
    sql.set.run(
      title,
      titleKey,
      JSON.stringify(tags),
      size,
      version,
      updated_at,
      deleted_at,
      seq,
      hashNote(row),
      writeBody(body),
      number,
    );
    // A new tag leaves the words where they are.
    if (write.type !== "updated" || title !== before.title || body !== before.body) index(number, derived);
    return row;
  }

  function run(change: Change): Committed {
    if (change.key) {
      const use = used(change.key);
      if (use) return { outcome: "replayed", ...use };
      sql.expireKeys.run(change.key.expired);
    }
    if (change.latest !== undefined && sql.latest.get()?.seq !== change.latest) return { outcome: "stale" };
    const arriving = change.writes.filter(({ type }) => type === "created" || type === "restored").length;
    if (arriving > 0) {
      const leaving = change.writes.filter(({ type }) => type === "deleted").length;
      const free = limits.notes - Number(sql.live.get()?.live);
      if (arriving - leaving > free) return { outcome: "full", free };
    }
    const seq = Number(sql.addActivity.run(change.at, change.action).lastInsertRowid);
    const rows: NoteRow[] = [];
    for (const write of change.writes) {
      const row = write.type === "created" ? create(write, change.at, seq) : alter(write, change.at, seq);
      if (row === undefined) return { outcome: "stale" };
      rows.push(row);
    }
    const changes = rows.map(({ number, version }, at) => ({ type: change.writes[at]?.type, number, version }));
    sql.setChanges.run(JSON.stringify(changes), seq);
    if (change.key) {
      const { key, input, answer } = change.key;
      const written = changes.map(({ number, version }) => [number, version]);
      const added = sql.addKey.run(key, input, change.at, JSON.stringify(written), answer);
      sql.dropKeys.run(Number(added.lastInsertRowid) - limits.keys);
    }
    return { outcome: "done", rows };
  }

  return (change) => {
    db.exec("BEGIN IMMEDIATE");
    try {
      const committed = run(change);
      db.exec(committed.outcome === "done" ? "COMMIT" : "ROLLBACK");
      return committed;
    } catch (error) {
      // A failed write may have rolled the transaction back already.
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  };
}
