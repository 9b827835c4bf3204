import { type BigIntStats, statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { NotesError } from "../errors.ts";
import { isBusy } from "./failure.ts";
import { mark } from "./log-mark.ts";
import { isOpenLogCut } from "./log-size.ts";
import { migrations, schemaVersion } from "./migrations.ts";

/** Watches that the open database is still the one at its path, and that its schema is still known. */
export interface Guard {
  /** Throws a NotesError "storage" where what is written now would be gone at the next start. */
  check(): void;
  /** Marks the file as one with a log, where that is not done yet. Call it after check and before a transaction. */
  markLog(): void;
  /** Throws a NotesError "refused" where a newer server has changed the schema. Call it inside the transaction. */
  checkSchema(): void;
}

/**
 * SQLite works on the files it has opened, wherever they are now: a removed database takes every write, and a restart
 * finds none of them. The files are only looked at with stat, because opening and closing one of them drops the locks
 * that SQLite has on it.
 */
export function createGuard(db: DatabaseSync, file: string, open: () => DatabaseSync): Guard {
  const names = [file, `${file}-wal`, `${file}-shm`];
  const known = names.map(stat);
  const { id } = db.prepare("SELECT id FROM identity").get() ?? {};
  let [seen, log] = known;
  let marked = false;

  return {
    check() {
      const now = names.map(stat);
      const exchanged = now.some(
        (one, at) => one === undefined || one.dev !== known[at]?.dev || one.ino !== known[at]?.ino,
      );
      if (exchanged) throw loss("was moved, removed or replaced");
      const [main, nowLog] = now;
      // Another server that ends takes the log away in order.
      if (nowLog && log && nowLog.size < log.size && isOpenLogCut(db, `${file}-wal`)) throw loss("was cut short");
      log = nowLog;
      if (main === undefined || seen === undefined || (main.mtimeNs === seen.mtimeNs && main.size === seen.size))
        return;
      // A checkpoint makes the file longer, never shorter.
      if (main.size < seen.size) throw loss("was cut short");
      if (idOf(open) !== id) throw loss("was overwritten");
      seen = main;
      marked = false; // a checkpoint
    },
    markLog() {
      if (marked) return;
      mark(db);
      seen = stat(file) ?? seen;
      marked = true;
    },
    checkSchema() {
      const version = schemaVersion(db);
      if (version === migrations.length) return;
      throw new NotesError(
        "refused",
        `A newer server has changed the notes database to schema ${version}, and this one knows ${migrations.length}. Nothing was changed: restart with the newer server.`,
      );
    },
  };
}

const stat = (path: string): BigIntStats | undefined => statSync(path, { bigint: true, throwIfNoEntry: false });

/** What a new connection reads: the one that serves has the pages in its memory. */
function idOf(open: () => DatabaseSync): unknown {
  let fresh: DatabaseSync | undefined;
  try {
    fresh = open();
    return fresh.prepare("SELECT id FROM identity").get()?.id;
  } catch (error) {
    if (isBusy(error)) throw error;
    return undefined;
  } finally {
    fresh?.close();
  }
}

const loss = (what: string): NotesError =>
  new NotesError(
    "storage",
    `The notes database ${what} while the server was running. Nothing was saved, and nothing will be until it is back in its place and the server is restarted. Tell the user.`,
  );
