import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { isBusy } from "./failure.ts";

/*
 * SQLite takes a log that was cut for one that ends there, and what came behind is gone without a word. How long it was
 * is known from its index: in the shared memory, which outlives a killed server, and while it is open from SQLite itself.
 */
const headerBytes = 32;
const bytesOf = (frames: number, page: number) => headerBytes + frames * (24 + (page === 1 ? 65_536 : page));

/** Whether a log has lost its end. Only for a process that has not opened the database: closing a file drops its locks. */
export function isLogCut(file: string): boolean {
  const size = statSync(`${file}-wal`).size;
  const [log, index] = [readStart(`${file}-wal`, headerBytes), readStart(`${file}-shm`, 96)];
  const [once, twice] = [index.subarray(0, 48), index.subarray(48)];
  // Of another log, or not written to its end.
  const isOfLog = log.length === headerBytes && log.subarray(16, 24).equals(once.subarray(32, 40));
  if (!isOfLog || !once.equals(twice)) return false;
  const native = new DataView(index.buffer, index.byteOffset);
  const known = bytesOf(native.getUint32(16, isLittle), native.getUint16(14, isLittle));
  // Another server may make it longer, or start it again, at this moment.
  return known > Math.max(size, statSync(`${file}-wal`).size);
}

const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Whether the log of an open database is shorter than what SQLite has written to it. */
export function isOpenLogCut(db: DatabaseSync, size: number): boolean {
  const { page_size: page } = db.prepare("PRAGMA page_size").get() ?? {};
  try {
    // Before SQLite 3.51 it is a real checkpoint, which fails where the log ends too soon.
    const { log } = db.prepare("PRAGMA wal_checkpoint(NOOP)").get() ?? {};
    return Number(log) > 0 && bytesOf(Number(log), Number(page)) > size;
  } catch (error) {
    if (isBusy(error)) throw error;
    return true;
  }
}

/** The first bytes of a file; none where it is missing. */
export function readStart(file: string, length: number): Buffer {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return Buffer.alloc(0);
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, 0));
  } finally {
    closeSync(descriptor);
  }
}
