import fs, { constants } from "node:fs";
import { SettingsError } from "../flags.ts";
import { createOwnFile, openOwnFile, readWhole } from "./own-file.ts";
import { takePidLock } from "./pid-lock.ts";
import { type AuditReport, NO_RECORD, sha256, verifyAudit } from "./verify.ts";

/** The parts of `node:fs` that a sink writes with; a test puts faults between. */
export type SinkFiles = Pick<
  typeof fs,
  "closeSync" | "fstatSync" | "fsyncSync" | "ftruncateSync" | "lstatSync" | "openSync" | "writeSync"
>;

/** An audit file that is open, checked and this process's alone. */
export interface Sink {
  /** Where the chain stands. */
  readonly records: number;
  readonly head: string;
  /** A line that a crash had cut off: it was moved to a file of its own. */
  readonly torn: { file: string; bytes: number; sha256: string } | undefined;
  /** The records as they are on the disk. */
  lines(): string[];
  /** Writes lines through to the disk, all or none. @throws when that is not certain */
  append(lines: string): void;
  close(): void;
}

/** @throws SettingsError when the file is another process's, or is not whole, or cannot be opened */
export function openSink(file: string, files: SinkFiles = fs): Sink {
  let fd: number | undefined;
  let unlock = (): void => {};
  try {
    // Looked at before anything is written, be it the lock beside it.
    const opened = openOrCreate(file, files);
    fd = opened;
    unlock = lockOf(file);
    const bytes = readWhole(opened);
    const whole = bytes.lastIndexOf(10) + 1;
    const report = verifyAudit(bytes.subarray(0, whole));
    checkAudit(file, report, bytes.subarray(whole));
    const torn = whole === bytes.length ? undefined : quarantine(file, opened, bytes, whole);
    let size = files.fstatSync(opened).size;
    let unsure = false;
    return {
      records: report.records,
      head: report.head,
      torn,
      lines: () => readWhole(opened).toString().split("\n").slice(0, -1),
      append(text) {
        const { dev, ino } = files.fstatSync(opened);
        const there = files.lstatSync(file);
        if (there.ino !== ino || there.dev !== dev) throw new Error(`${file} was replaced by another file`);
        // What a failed write left of itself goes first: the chain must not begin again behind half a line.
        if (unsure) files.ftruncateSync(opened, size);
        else if (there.size !== size) throw new Error(`${file} was written by another process`);
        unsure = true;
        const bytes = Buffer.from(text);
        for (let written = 0; written < bytes.length; ) written += files.writeSync(opened, bytes, written);
        files.fsyncSync(opened);
        unsure = false;
        size += bytes.length;
      },
      close() {
        files.closeSync(opened);
        unlock();
      },
    };
  } catch (error) {
    if (fd !== undefined) files.closeSync(fd);
    unlock();
    if (error instanceof SettingsError) throw error;
    throw new SettingsError(`--audit ${file} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

function lockOf(file: string): () => void {
  let lock: ReturnType<typeof takePidLock>;
  try {
    lock = takePidLock(file);
  } catch (cause) {
    throw new SettingsError(`--audit ${file} cannot be written: ${(cause as Error).message}`, { cause });
  }
  if (typeof lock === "function") return lock;
  throw new SettingsError(`--audit ${file} belongs to ${lock}. Give each server a file of its own.`);
}

function openOrCreate(file: string, files: SinkFiles): number {
  const flags = constants.O_RDWR | constants.O_APPEND;
  try {
    return openOwnFile(file, flags, files);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  try {
    return createOwnFile(file, flags, files);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return openOwnFile(file, flags, files); // another process has made it meanwhile
  }
}

/**
 * What follows the last whole line may be what a crash left of a record: behind other records, or at the beginning of
 * the first. Anything else is no audit, and stays as it is.
 *
 * @throws SettingsError
 */
function checkAudit(file: string, { records, problem }: AuditReport, rest: Buffer): void {
  const first = '{"seq":1,';
  const begins = rest.toString("latin1", 0, first.length);
  if (records === 0 && (problem?.what === NO_RECORD || !first.startsWith(begins)))
    throw new SettingsError(
      `--audit ${file} is another kind of file, not an audit. Nothing was changed. Name a file of its own.`,
    );
  if (problem !== undefined)
    throw new SettingsError(
      `--audit ${file} is not as it was written (line ${problem.line}: ${problem.what}). Keep it, find out why, and start with another file.`,
    );
}

/** Moves what a crash left after the last whole line to a file of its own. Copied first: a crash here loses nothing. */
function quarantine(file: string, fd: number, bytes: Buffer, whole: number): Sink["torn"] {
  const rest = bytes.subarray(whole);
  const digest = sha256(rest);
  let aside = `${file}.torn-${digest.slice(0, 12)}`;
  // One of that name is left alone, whatever it is.
  if (fs.lstatSync(aside, { throwIfNoEntry: false }) !== undefined) aside += `-${Date.now().toString(36)}`;
  const copy = createOwnFile(aside, constants.O_WRONLY);
  try {
    fs.writeFileSync(copy, rest);
    fs.fsyncSync(copy);
  } finally {
    fs.closeSync(copy);
  }
  fs.ftruncateSync(fd, whole);
  fs.fsyncSync(fd);
  return { file: aside, bytes: rest.length, sha256: digest };
}
