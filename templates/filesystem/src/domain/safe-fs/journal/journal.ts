import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { FilesError } from "../../errors.ts";
import { trashPrefix } from "../paths.ts";
import type { Change, Entry, State } from "./entry.ts";
import { patiently } from "./sqlite.ts";

/** Every change, from before it begins until it can no longer be taken back. */
export interface Journal {
  begin(change: Change): Entry;
  /** Writes down what has become known of a change. */
  save(entry: Entry): void;
  /** `bytes` is how much lies in the trash because of it. */
  mark(entry: Entry, state: State, bytes?: number): void;
  drop(entry: Entry): void;
  /** As it is now, whichever process has changed it; undefined once it is dropped. */
  stateOf(entry: Entry): State | undefined;
  /** The newest change that is done, older than another one. */
  newest(roots: string[], olderThan?: Entry): Entry | undefined;
  /** Changes, and takings back, that some process has begun. */
  unfinished(roots: string[]): Entry[];
  /** What is done and over and began before a time, in milliseconds since 1970. */
  before(root: string, time: number): Entry[];
  /** Bytes in the trash of a root. */
  keptBytes(root: string): number;
  /** The oldest with something in the trash. */
  oldestKept(root: string): { entry: Entry; bytes: number } | undefined;
  /** The name of the trash in a root, which no folder from elsewhere can have guessed. Undefined where there is none yet. */
  trashOf(root: string, options: { make: boolean }): string | undefined;
  isKnown(id: string): boolean;
  close(): void;
}

export const journalFile = (folder: string) => join(folder, "journal.db");

/** Waits this long, in milliseconds, for another process to have written; it blocks, and takes well below one. */
const timeout = 2_000;

/**
 * The bytes in the trash of each root, so that no change has to add up all entries. By triggers, because an earlier
 * version of this server may write to the same file.
 */
const countKept = `
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS kept (root TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT;
  INSERT INTO kept SELECT root, sum(bytes) FROM entries WHERE true GROUP BY root ON CONFLICT DO NOTHING;
  CREATE TRIGGER IF NOT EXISTS keeps AFTER UPDATE OF bytes ON entries WHEN new.bytes <> old.bytes BEGIN
    INSERT INTO kept VALUES (new.root, new.bytes - old.bytes) ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
  END;
  CREATE TRIGGER IF NOT EXISTS keeps_less AFTER DELETE ON entries WHEN old.bytes > 0 BEGIN
    UPDATE kept SET bytes = bytes - old.bytes WHERE root = old.root;
  END;
  PRAGMA user_version = 1;
  COMMIT;
`;

/** Undefined as the folder keeps it in memory: changes can be taken back until the process ends. */
export async function openJournal(
  Database: typeof DatabaseSync,
  folder: string | undefined,
  owner: string,
): Promise<Journal> {
  const db = new Database(folder === undefined ? ":memory:" : journalFile(folder), { timeout });
  try {
    await patiently(() => prepare(db));
  } catch (error) {
    db.close();
    throw error;
  }
  return journalOn(db, owner);
}

/** Makes what is missing. Again and again is as good as once. */
function prepare(db: DatabaseSync): void {
  // In this mode a killed process loses nothing, and no call waits for the disk.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  db.exec(`
    CREATE TABLE IF NOT EXISTS entries (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, root TEXT NOT NULL, state TEXT NOT NULL,
      owner TEXT NOT NULL, time INTEGER NOT NULL, bytes INTEGER NOT NULL DEFAULT 0, change TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS roots (root TEXT PRIMARY KEY, trash TEXT NOT NULL) STRICT;
  `);
  if (db.prepare("PRAGMA user_version").get()?.user_version === 0) db.exec(countKept);
}

function journalOn(db: DatabaseSync, owner: string): Journal {
  const columns = "seq, id, state, owner, change";
  const entryOf = (row: unknown): Entry => {
    const { seq, id, state, owner: by, change } = row as Record<string, string | number>;
    return { seq, id, state, owner: by, change: JSON.parse(String(change)) } as Entry;
  };
  const among = (roots: string[]) => `root IN (${roots.map(() => "?").join(", ")})`;
  // Each is prepared once: that takes longer than running it.
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const statement = prepared.get(sql) ?? db.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  // A name once given stays.
  const trashes = new Map<string, string>();
  const all = (sql: string, ...values: (string | number)[]) => prepare(sql).all(...values);
  const run = (sql: string, ...values: (string | number)[]) => {
    try {
      return prepare(sql).run(...values);
    } catch (cause) {
      const text = "The server's own journal of changes cannot be written. Ask the user to look at its disk.";
      throw new FilesError("storage", text, { cause });
    }
  };

  return {
    begin(change) {
      const id = randomBytes(8).toString("hex");
      const { lastInsertRowid } = run(
        "INSERT INTO entries (id, root, state, owner, time, change) VALUES (?, ?, 'begun', ?, ?, ?)",
        id,
        change.at.root,
        owner,
        Date.now(),
        JSON.stringify(change),
      );
      return { seq: Number(lastInsertRowid), id, state: "begun", owner, change };
    },
    save: ({ seq, change }) => void run("UPDATE entries SET change = ? WHERE seq = ?", JSON.stringify(change), seq),
    mark(entry, state, bytes) {
      run(
        "UPDATE entries SET state = ?, owner = ?, bytes = coalesce(nullif(?, -1), bytes) WHERE seq = ?",
        state,
        owner,
        bytes ?? -1,
        entry.seq,
      );
      entry.state = state;
    },
    drop: ({ seq }) => void run("DELETE FROM entries WHERE seq = ?", seq),
    stateOf: ({ seq }) => prepare("SELECT state FROM entries WHERE seq = ?").get(seq)?.state as State | undefined,
    newest(roots, olderThan) {
      const sql = `SELECT ${columns} FROM entries WHERE state = 'done' AND seq < ? AND ${among(roots)} ORDER BY seq DESC LIMIT 1`;
      return all(sql, olderThan?.seq ?? Number.MAX_SAFE_INTEGER, ...roots).map(entryOf)[0];
    },
    unfinished: (roots) =>
      all(
        `SELECT ${columns} FROM entries WHERE state IN ('begun', 'undoing') AND ${among(roots)} ORDER BY seq DESC`,
        ...roots,
      ).map(entryOf),
    before: (root, time) =>
      all(
        `SELECT ${columns} FROM entries WHERE state IN ('done', 'undone') AND root = ? AND time < ? ORDER BY seq`,
        root,
        time,
      ).map(entryOf),
    keptBytes: (root) => Number(prepare("SELECT bytes FROM kept WHERE root = ?").get(root)?.bytes ?? 0),
    oldestKept(root) {
      const sql = `SELECT ${columns}, bytes FROM entries WHERE root = ? AND bytes > 0 AND state IN ('done', 'undone') ORDER BY seq LIMIT 1`;
      return all(sql, root).map((row) => ({ entry: entryOf(row), bytes: Number(row.bytes) }))[0];
    },
    trashOf(root, { make }) {
      // Written down before it is made, so that it is known after a crash in between.
      const known = trashes.get(root);
      if (known !== undefined) return known;
      if (make)
        run(
          "INSERT INTO roots (root, trash) VALUES (?, ?) ON CONFLICT DO NOTHING",
          root,
          `${trashPrefix}${randomBytes(4).toString("hex")}`,
        );
      const row = prepare("SELECT trash FROM roots WHERE root = ?").get(root);
      if (row) trashes.set(root, String(row.trash));
      return trashes.get(root);
    },
    isKnown: (id) => prepare("SELECT 1 FROM entries WHERE id = ?").get(id) !== undefined,
    close: () => db.close(),
  };
}
