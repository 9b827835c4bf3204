import { closeSync, fstatSync, openSync } from "node:fs";
import { framesOf, type LogHeader, logHeaderBytes, readHeader } from "./log-frames.ts";
import { readStart } from "./read-start.ts";

/*
 * SQLite reads a log up to the first frame that is not right, and leaves out the rest without a word. After a kill or a
 * power cut that is as it should be: the rest was being written, and nobody was told that it is kept. A frame that is
 * damaged later looks the same, and takes all that came after it along. What tells the two apart:
 *
 * - A transaction is written after the one before has reached the disk. Where a whole one stands behind a damaged frame
 *   and its end, the frame had been right.
 * - The log's index in the shared memory outlives a killed server. It counts a frame after that is on disk.
 * - The header is on disk before the first frame is written.
 */

/** How often a log is read again that another server may have been writing meanwhile. */
const readings = 5;

/** What a log has lost that SQLite would leave out. Only for a process that has not opened the database: closing a file drops its locks. */
export function lossOf(file: string, page: number): string | undefined {
  let before: string | undefined;
  for (let reading = 0; reading < readings; reading++) {
    const { loss, at } = read(file, page);
    if (loss === undefined) return undefined;
    // What is damaged stays so, and what another server is writing is further on by now.
    if (`${loss} ${at}` === before) return loss;
    before = `${loss} ${at}`;
  }
  return undefined;
}

interface Reading {
  loss?: string;
  /** Which state of the log this was found in. */
  at: string;
}

function read(file: string, page: number): Reading {
  const index = readIndex(file); // before the log: a frame that it counts is there
  const descriptor = openSync(`${file}-wal`, "r");
  try {
    const { size } = fstatSync(descriptor);
    const bytes = readStart(`${file}-wal`, logHeaderBytes);
    if (bytes.length < logHeaderBytes) return { at: "" };
    const header = readHeader(bytes);
    const at = bytes.toString("hex");
    if (!header.valid) {
      // One without frames behind it has lost nothing, and one whose frames are all in the file neither.
      const isEmpty = size === logHeaderBytes || (index !== undefined && index.frames === index.inFile);
      return isEmpty ? { at } : { loss: "is damaged", at };
    }
    if (header.page !== page) return { loss: "belongs to another database", at };
    const { committed, isFollowed, frames } = walk(descriptor, page, header);
    const counted = index?.salt === header.salt ? index.frames : 0;
    if (counted > frames) return { loss: "is cut short", at };
    return counted > committed || isFollowed ? { loss: "is damaged", at: `${at} ${committed}` } : { at };
  } finally {
    closeSync(descriptor);
  }
}

/** How many frames SQLite will find, and whether whole transactions stand behind them. */
function walk(descriptor: number, page: number, header: LogHeader) {
  let [committed, frames, isWhole, isFollowed, afterCommit] = [0, 0, true, false, false];
  for (const { salt, commits, follows } of framesOf(descriptor, page, header)) {
    const own = salt === header.salt;
    isWhole &&= own && follows;
    frames++;
    if (isWhole && commits) committed = frames;
    if (!isWhole && own && follows && afterCommit) isFollowed = true;
    afterCommit = commits && (own || follows);
  }
  return { committed, isFollowed, frames };
}

const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** What the shared memory says of the log; undefined where it was not written to its end. */
function readIndex(file: string): { salt: string; frames: number; inFile: number } | undefined {
  const bytes = readStart(`${file}-shm`, 100);
  const once = bytes.subarray(0, 48);
  if (bytes.length < 100 || !once.equals(bytes.subarray(48, 96))) return undefined;
  const native = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    salt: once.toString("hex", 32, 40),
    frames: native.getUint32(16, isLittle),
    inFile: native.getUint32(96, isLittle),
  };
}
