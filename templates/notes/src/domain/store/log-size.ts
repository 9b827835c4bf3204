import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { isBusy } from "./failure.ts";

/** How often a log is measured again that another server may have begun from its start meanwhile. */
const readings = 5;

/**
 * Whether the log of an open database is shorter than what SQLite has written to it. SQLite takes a log that was cut for one
 * that ends there.
 */
export function isOpenLogCut(db: DatabaseSync, log: string): boolean {
  const { page_size: page } = db.prepare("PRAGMA page_size").get() ?? {};
  for (let reading = 0; reading < readings; reading++) {
    const frames = countFrames(db);
    // Its size is looked at after its frames were counted: each of them is on disk.
    const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
    if (frames === 0 || 32 + frames * (24 + Number(page)) <= size) return false;
  }
  return true;
}

function countFrames(db: DatabaseSync): number {
  try {
    // Before SQLite 3.51 it is a real checkpoint, which fails where the log ends too soon.
    return Number(db.prepare("PRAGMA wal_checkpoint(NOOP)").get()?.log);
  } catch (error) {
    if (isBusy(error)) throw error;
    return Number.POSITIVE_INFINITY;
  }
}
