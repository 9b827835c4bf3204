import fs from "node:fs";
import { SettingsError } from "../flags.ts";
import { takePidLock } from "./pid-lock.ts";
import { sha256, verifyAudit } from "./verify.ts";

/** The parts of `node:fs` that a sink writes with; a test puts faults between. */
export type SinkFiles = Pick<
  typeof fs,
  "closeSync" | "fstatSync" | "fsyncSync" | "ftruncateSync" | "openSync" | "statSync" | "writeSync"
>;

/** An audit file that is open, checked and this process's alone. */
export interface Sink {
  /** Where the chain stands. */
  readonly records: number;
  readonly head: string;
  /** A line that a crash had cut off: it was moved to a file of its own. */
  readonly torn: { file: string; bytes: number; sha256: string } | undefined;
  /** Writes lines through to the disk, all or none. @throws when that is not certain */
  append(lines: string): void;
  close(): void;
}

/** @throws SettingsError when the file is another process's, or is not whole, or cannot be opened */
export function openSink(file: string, files: SinkFiles = fs): Sink {
  const unlock = lockOf(file);
  let fd: number | undefined;
  try {
    const opened = files.openSync(file, "a+", 0o600);
    fd = opened;
    const torn = quarantine(file, opened);
    const report = verifyAudit(file);
    if (report.problem !== undefined)
      throw new SettingsError(
        `--audit ${file} is not as it was written (line ${report.problem.line}: ${report.problem.what}). Keep it, find out why, and start with another file.`,
      );
    let size = files.fstatSync(opened).size;
    let unsure = false;
    return {
      records: report.records,
      head: report.head,
      torn,
      append(text) {
        const { dev, ino } = files.fstatSync(opened);
        const there = files.statSync(file);
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
  throw new SettingsError(`--audit ${file} belongs to the process ${lock}. Give each server a file of its own.`);
}

/** Moves what a crash left after the last whole line to a file of its own. Copied first: a crash here loses nothing. */
function quarantine(file: string, fd: number): Sink["torn"] {
  const bytes = fs.readFileSync(file);
  const whole = bytes.lastIndexOf(10) + 1;
  if (whole === bytes.length) return undefined;
  const rest = bytes.subarray(whole);
  const digest = sha256(rest);
  const aside = `${file}.torn-${digest.slice(0, 12)}`;
  fs.writeFileSync(aside, rest, { mode: 0o600, flush: true });
  fs.ftruncateSync(fd, whole);
  fs.fsyncSync(fd);
  return { file: aside, bytes: rest.length, sha256: digest };
}
