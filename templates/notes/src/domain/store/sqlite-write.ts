import type { DatabaseSync } from "node:sqlite";
import { limits } from "../note.ts";
import type { Guard } from "./guard.ts";
import { createIndex } from "./sqlite-index.ts";
import { hashNote, hashRevision, readNote, writeText } from "./sqlite-rows.ts";
import { writing } from "./statement.ts";
import type { Change, Committed, KeyUse, NoteRow, Write } from "./store.ts";

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

interface WriterOptions {
  /** Live notes there may be. */
  most: number;
  guard: Guard;
}

/** The writing half: one change as one transaction. The caller repeats it when the database is locked. */
export function createWriter(
  db: DatabaseSync,
  used: KeyReader,
  { most, guard }: WriterOptions,
): (change: Change) => Committed {
  const index = createIndex(db);
  const sql = {
    expireKeys: writing(db, "DELETE FROM idempotency WHERE at < ?"),
    addKey: writing(db, "INSERT INTO idempotency (key, input, at, numbers, answer) VALUES (?, ?, ?, ?, ?)"),
    dropKeys: writing(db, "DELETE FROM idempotency WHERE rowid <= ?"),
    latest: db.prepare("SELECT coalesce(max(seq), 0) AS seq FROM activity"),
    live: db.prepare("SELECT value AS live FROM state WHERE name = 'live'"),
    setLive: writing(db, "UPDATE state SET value = ? WHERE name = 'live'"),
    countFolder: writing(
      db,
      "INSERT INTO folders VALUES (?, ?) ON CONFLICT DO UPDATE SET notes = notes + excluded.notes",
    ),
    dropFolder: writing(db, "DELETE FROM folders WHERE folder = ? AND notes <= 0"),
    addActivity: writing(db, "INSERT INTO activity (at, action, changes) VALUES (?, ?, '[]')"),
    setChanges: writing(db, "UPDATE activity SET changes = ? WHERE seq = ?"),
    note: db.prepare("SELECT * FROM notes WHERE number = ?"),
    add: writing(
      db,
      "INSERT INTO notes (title, title_key, tags, folder, file, size, version, created_at, updated_at, deleted_at, seq, hash, front, body) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, NULL, ?, '', ?, ?)",
    ),
    setHash: writing(db, "UPDATE notes SET hash = ? WHERE number = ?"),
    set: writing(
      db,
      "UPDATE notes SET title = ?, title_key = ?, tags = ?, folder = ?, file = ?, size = ?, version = ?, updated_at = ?, deleted_at = ?, seq = ?, hash = ?, front = ?, body = ? WHERE number = ?",
    ),
    addRevision: writing(
      db,
      "INSERT INTO revisions (note, version, title, tags, size, updated_at, hash, front, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    // Never the first version: a repeated create answers with it.
    dropRevisions: writing(db, "DELETE FROM revisions WHERE note = ? AND version > 1 AND version <= ?"),
  };

  function create(write: Extract<Write, { type: "created" }>, at: string, seq: number): NoteRow {
    const { title, body, tags, front, folder, file, derived, created_at = at, updated_at = at } = write;
    const size = Buffer.byteLength(body);
    const added = sql.add.run(
      title,
      derived.titleKey,
      JSON.stringify(tags),
      folder,
      file,
      size,
      created_at,
      updated_at,
      seq,
      writeText(front),
      writeText(body),
    );
    const number = Number(added.lastInsertRowid);
    const content = { title, tags, front, folder, file, body };
    const row = { number, size, version: 1, created_at, updated_at, deleted_at: null, seq, ...content };
    sql.setHash.run(hashNote(row), number);
    index.add(row, derived);
    countFolder(undefined, row);
    return row;
  }

  function countFolder(before: NoteRow | undefined, after: NoteRow) {
    const [from, to] = [before, after].map((row) => (row?.deleted_at === null ? row.folder : undefined));
    if (from === to) return;
    if (to !== undefined) sql.countFolder.run(to, 1);
    if (from === undefined) return;
    sql.countFolder.run(from, -1);
    sql.dropFolder.run(from);
  }

  function keepRevision(row: NoteRow) {
    const { number, version, title, tags, size, updated_at, front, body } = row;
    sql.addRevision.run(
      number,
      version,
      title,
      JSON.stringify(tags),
      size,
      updated_at,
      hashRevision(number, row),
      writeText(front),
      writeText(body),
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
      const { title, body, tags, front, folder, file, updated_at = at } = write;
      const content = { title, body, tags, front, folder, file };
      Object.assign(row, content, { size: Buffer.byteLength(body), version: before.version + 1, updated_at });
    }
    const derived = write.type === "deleted" ? undefined : write.derived;
    const titleKey = derived?.titleKey ?? String(found.title_key);
    const { title, tags, folder, file, size, version, updated_at, deleted_at, front, body, number } = row;
    sql.set.run(
      title,
      titleKey,
      JSON.stringify(tags),
      folder,
      file,
      size,
      version,
      updated_at,
      deleted_at,
      seq,
      hashNote(row),
      writeText(front),
      writeText(body),
      number,
    );
    countFolder(before, row);
    if (derived === undefined) index.hide(row);
    else index.replace(row, derived, before.deleted_at === null);
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
    const leaving = change.writes.filter(({ type }) => type === "deleted").length;
    if (arriving + leaving > 0) {
      const live = Number(sql.live.get()?.live);
      if (arriving > 0 && live + arriving - leaving > most) return { outcome: "full", free: Math.max(0, most - live) };
      sql.setLive.run(String(live + arriving - leaving));
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
    guard.check();
    guard.markLog();
    db.exec("BEGIN IMMEDIATE");
    try {
      guard.checkSchema();
      const committed = run(change);
      db.exec(committed.outcome === "done" ? "COMMIT" : "ROLLBACK");
      // What was taken away meanwhile took the change with it: it is not acknowledged.
      if (committed.outcome === "done") guard.check();
      return committed;
    } catch (error) {
      // A failed write may have rolled the transaction back already.
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  };
}
