import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { NotesError } from "../errors.ts";
import { lockTimeoutMs, patiently } from "./busy.ts";
import { reasonOf, toNotesError } from "./failure.ts";
import { applicationId, migrate, migrations, newerSchema } from "./migrations.ts";
import { createSqliteStore, type SqliteOptions } from "./sqlite.ts";
import type { NoteStore } from "./store.ts";

export const databaseName = "notes.db";

/**
 * Opens the database in a folder, which is made (mode 0700) where it is missing. A file that is damaged, foreign, newer
 * than this server or not writable is a NotesError, and is left as it is.
 */
export async function openSqliteStore(folder: string, options: Partial<SqliteOptions> = {}): Promise<NoteStore> {
  const { budgetMs = 5_000, pollMs = 500 } = options;
  const file = join(folder, databaseName);
  const fresh = inspect(folder, file);
  const { DatabaseSync } = await loadSqlite();
  let db: DatabaseSync | undefined;
  try {
    const opened = new DatabaseSync(file, { timeout: lockTimeoutMs });
    db = opened;
    await patiently(() => prepare(opened, fresh), { until: performance.now() + budgetMs });
    return createSqliteStore(db, { budgetMs, pollMs });
  } catch (error) {
    db?.close();
    throw toNotesError(error);
  }
}

/** Looks at the file without SQLite, which would already write beside it. True where there is no database yet. */
function inspect(folder: string, file: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    // Made here for its mode; SQLite gives the files it puts beside the database the same one.
    closeSync(openSync(file, existsSync(file) ? "r+" : "a", 0o600));
  } catch (cause) {
    throw new NotesError(
      "storage",
      `Cannot write notes into ${folder} (${reasonOf(cause)}). Choose another folder with --data.`,
      {
        cause,
      },
    );
  }
  if (statSync(file).size === 0) return true; // new, or a start that was cut short
  identify(file);
  return false;
}

/** Throws a NotesError unless the file begins like a database of notes that this server can read. */
export function identify(file: string): void {
  const header = readStart(file, 100);
  if (header.length < 100 || header.toString("latin1", 0, 16) !== "SQLite format 3\0") {
    throw new NotesError(
      "damaged",
      `${file} is damaged or no database. Nothing was changed: restore a backup or move it away.`,
    );
  }
  if (header.readUInt32BE(68) !== applicationId) {
    throw new NotesError(
      "refused",
      `${file} belongs to another application. Nothing was changed: choose another folder.`,
    );
  }
  const version = header.readUInt32BE(60);
  if (version > migrations.length) throw newerSchema(version, migrations.length);
}

function readStart(file: string, length: number): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, 0));
  } finally {
    closeSync(descriptor);
  }
}

function prepare(db: DatabaseSync, fresh: boolean): void {
  if (fresh) claim(db);
  // FULL: what commit() has acknowledged is on disk, even when the power goes.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  check(db);
  migrate(db);
}

/** Table by table, because the whole would compare the words with their index: that takes longer than all the rest. */
function check(db: DatabaseSync): void {
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
    .all();
  for (const { name } of tables) {
    const [verdict] = db.prepare(`PRAGMA quick_check("${name}")`).all();
    if (verdict?.quick_check === "ok") continue;
    throw new NotesError("damaged", "The notes database is damaged. Nothing was changed: restore a backup.");
  }
}

/** Marks an empty file as ours before anything else is in it, so that a crash leaves no nameless database. */
function claim(db: DatabaseSync): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    const named = Number(db.prepare("PRAGMA application_id").get()?.application_id);
    if (named === 0) db.exec(`PRAGMA application_id = ${applicationId}`);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Node 22 calls its SQLite experimental at the first import. Only that one warning is held back. */
export async function loadSqlite(): Promise<typeof import("node:sqlite")> {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: []) => {
    if (!String(warning).startsWith("SQLite is an experimental feature")) emitWarning.call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return await import("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}
