import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isBusy } from "./sqlite.ts";

/** A lock between processes that ends with the process that holds it, even where it is killed. */
export interface FileLock {
  /** False where another one holds it. */
  take(): boolean;
  release(): void;
  close(): void;
}

/**
 * On an empty SQLite database, because that is the one lock Node has on every system. Nothing else may ever open the
 * file in this process: closing any descriptor of it would end the lock.
 */
export function openFileLock(Database: typeof DatabaseSync, path: string): FileLock {
  // A timeout would block the event loop: who waits asks again.
  const db = new Database(path, { timeout: 0 });
  let begin: StatementSync | undefined;
  const rollback = db.prepare("ROLLBACK");
  return {
    take() {
      try {
        // Nothing is ever written, yet SQLite would make and remove a journal file each time. Asking waits for the lock.
        if (begin === undefined) db.exec("PRAGMA journal_mode = MEMORY");
        begin ??= db.prepare("BEGIN EXCLUSIVE");
        begin.run();
        return true;
      } catch (error) {
        if (isBusy(error)) return false;
        throw error;
      }
    },
    release: () => void rollback.run(),
    close: () => db.close(),
  };
}
