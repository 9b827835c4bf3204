import type { DatabaseSync } from "node:sqlite";
import { isBusy } from "./failure.ts";

/**
 * Whether the log of an open database is shorter than what SQLite has written to it. SQLite takes a log that was cut for one
 * that ends there.
 */
export function isOpenLogCut(db: DatabaseSync, size: number): boolean {
  const { page_size: page } = db.prepare("PRAGMA page_size").get() ?? {};
  try {
    // Before SQLite 3.51 it is a real checkpoint, which fails where the log ends too soon.
    const { log } = db.prepare("PRAGMA wal_checkpoint(NOOP)").get() ?? {};
    return Number(log) > 0 && 32 + Number(log) * (24 + Number(page)) > size;
  } catch (error) {
    if (isBusy(error)) throw error;
    return true;
  }
}
