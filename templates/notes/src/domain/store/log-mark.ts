import type { DatabaseSync } from "node:sqlite";
import { writing } from "./statement.ts";

/*
 * Tells a database file that has lost its log from one that has none. The file says "in the log", and the log overwrites
 * that with "in the file". A program that brings the log into the file brings the second word with it. A file without a log
 * that still says "in the log" is missing what came after.
 */
const inLog = "in the log";
const inFile = "in the file";

/** Whether the file says that there is more in a log. Only of meaning where no log is beside it. */
export function lacksLog(db: DatabaseSync): boolean {
  return db.prepare("SELECT value FROM state WHERE name = 'latest'").get()?.value === inLog;
}

/**
 * Whether the log belongs to another database. What it says of the state it says of its own, and the identity was in the
 * file before there was a log.
 */
export const isLogForeign = (db: DatabaseSync): boolean =>
  db.prepare("SELECT value FROM state WHERE name = 'identity'").get()?.value !==
  db.prepare("SELECT id FROM identity").get()?.id;

/** Takes the mark away from a file that is whole by itself. */
export function unmark(db: DatabaseSync): void {
  writing(db, "UPDATE state SET value = ? WHERE name = 'latest' AND value = ?").run(inFile, inLog);
}

/** To be called before the first write, and again after each checkpoint, which has brought the log into the file. */
export function mark(db: DatabaseSync): void {
  writing(db, "UPDATE state SET value = ? WHERE name = 'latest'").run(inLog);
  db.exec("PRAGMA wal_checkpoint(PASSIVE)");
  unmark(db);
}
