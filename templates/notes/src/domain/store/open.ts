import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { NotesError } from "../errors.ts";
import { limits } from "../note.ts";
import { ownerFolder } from "../owner-folder.ts";
import { createFileBlobs } from "./blobs.ts";
import { lockTimeoutMs, patiently } from "./busy.ts";
import { createDatabase } from "./create.ts";
import { reasonOf, toNotesError } from "./failure.ts";
import { createGuard } from "./guard.ts";
import { isJournalForeign } from "./journal.ts";
import { lossOf } from "./log-loss.ts";
import { isLogForeign, lacksLog, unmark } from "./log-mark.ts";
import { applicationId, migrate, migrations, newerSchema, schemaVersion } from "./migrations.ts";
import { readStart } from "./read-start.ts";
import { isIndexed, reindex } from "./reindex.ts";
import { createSqliteStore, type SqliteOptions } from "./sqlite.ts";
import { steadily } from "./steadily.ts";
import type { NoteStore } from "./store.ts";

export const databaseName = "notes.db";
export const attachmentsName = "attachments";

/**
 * Opens the database in a folder, which is made (mode 0700) where it is missing. A file that is damaged, empty, foreign,
 * newer than this server, not writable or without its log is a NotesError, and is left as it is.
 */
export async function openSqliteStore(folder: string, options: Partial<SqliteOptions> = {}): Promise<NoteStore> {
  const { budgetMs = 5_000, pollMs = 500, most = limits.notes, slice = 20_000 } = options;
  const file = join(folder, databaseName);
  const { DatabaseSync } = await loadSqlite();
  const open = (name: string, readOnly = false) =>
    // Foreign keys are turned on after the migration, which makes tables again that others refer to.
    new DatabaseSync(name, { timeout: lockTimeoutMs, readOnly, enableForeignKeyConstraints: false });
  const until = performance.now() + budgetMs;
  return steadily(file, until, async () => {
    const { withLog } = inspect(folder, file, open);
    let db: DatabaseSync | undefined;
    try {
      if (withLog) await patiently(() => examine(() => open(file, true)), { until });
      const opened = open(file);
      db = opened;
      await patiently(() => prepare(opened, file, withLog), { until });
      if (!isIndexed(opened)) await patiently(() => reindex(opened), { until });
      const openReader = () => open(file, true);
      const guard = createGuard(opened, file, openReader);
      const blobs = createFileBlobs(join(folder, attachmentsName));
      // A database each: no query, rank, wait or damage of one owner is another's.
      const of = (owner: string) => openSqliteStore(join(folder, ownerFolder(owner)), options);
      return createSqliteStore(db, guard, { open: openReader, blobs, of }, { budgetMs, pollMs, most, slice });
    } catch (error) {
      db?.close();
      throw toNotesError(error);
    }
  });
}

/** Looks at the files without SQLite, which would already write beside them, and makes the database where there is none. */
function inspect(folder: string, file: string, open: (name: string) => DatabaseSync): { withLog: boolean } {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const beside = [`${file}-wal`, `${file}-shm`].find((name) => existsSync(name));
    if (!existsSync(file)) {
      if (beside !== undefined) throw torn(`${file} is missing, and ${beside} of it is there`);
      createDatabase(file, open);
    }
    closeSync(openSync(file, "r+"));
  } catch (cause) {
    if (cause instanceof NotesError) throw cause;
    throw new NotesError(
      "storage",
      `Cannot write notes into ${folder} (${reasonOf(cause)}). Choose another folder with --data.`,
      { cause },
    );
  }
  const { size } = statSync(file);
  if (size === 0) throw torn(`${file} is empty`);
  const { page, bytes } = identify(file);
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false });
  // With a log, its pages may be the rest of the file.
  if (!log && bytes > size) throw torn(`${file} is cut short: ${size} of ${bytes} bytes`);
  // SQLite takes the two away in the order that leaves the log for last.
  if (!log && existsSync(`${file}-shm`)) throw torn(`${file}-wal is missing, which holds the latest notes`);
  const withLog = log !== undefined && log.size > 0;
  if (isJournalForeign(file, page, withLog))
    throw torn(`${file}-journal belongs to another database`, "Or take the -journal file away.");
  const loss = log && lossOf(file, page);
  if (loss !== undefined) throw torn(`${file}-wal ${loss}, and the latest notes with it`, copyOf);
  return { withLog };
}

const copyOf = "To go on with what can still be read, make a copy that starts with --backup <folder>.";

const torn = (
  what: string,
  otherwise = "Where these notes may be lost, move what is there away and start again.",
): NotesError =>
  new NotesError(
    "damaged",
    `${what}. Nothing was changed: put the files back together or restore a backup. ${otherwise}`,
  );

/** The bytes of a page, and of all of them by the database's own account. Throws a NotesError where this server cannot read it. */
export function identify(file: string): { page: number; bytes: number } {
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
  const page = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  return { page, bytes: page * header.readUInt32BE(28) };
}

/**
 * Looks at a database through its log. By a connection that cannot write: the last one that can brings the log into the
 * file when it closes, whatever was found.
 */
function examine(open: () => DatabaseSync): void {
  const db = open();
  try {
    check(db);
    if (schemaVersion(db) > 2 && isLogForeign(db)) {
      throw torn("The -wal file beside the database belongs to another one", "Or take the -wal file away.");
    }
  } finally {
    db.close();
  }
}

function prepare(db: DatabaseSync, file: string, withLog: boolean): void {
  // FULL: what commit() has acknowledged is on disk, even when the power goes.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  if (!withLog && statSync(file).size < largeFile) check(db);
  const marked = schemaVersion(db) > 1 && lacksLog(db);
  if (marked && !withLog) {
    throw torn(
      `${file} is alone: its log with the latest notes is missing, as in a copy of the file of a running server`,
      copyOf,
    );
  }
  migrate(db);
  if (marked) unmark(db);
  db.exec("PRAGMA foreign_keys = ON");
}

/** Past it, a database that was closed in order is not read from end to end at every start. */
const largeFile = 256 * 1024 * 1024;

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
