import fs from "node:fs";
import { readOwnFile } from "../control/own-file.ts";
import { SettingsError } from "../flags.ts";
import type { Log } from "../telemetry/log.ts";

/** A file whose changes count from the next request on. */
export interface WatchedFile<Value> {
  /** What it says now. While it cannot be read, what it said last. */
  read(): Value;
}

/** Largest file, in bytes: a kill list grows. */
const MAX_BYTES = 16_777_216;
/** How often a file that could not be taken is tried again, in ms. */
const RETRY_MS = 1_000;

/**
 * Reads a file now, and again whenever it has changed: it is looked at for each request, which costs some microseconds,
 * since a key that is withdrawn has to be refused by the next one.
 *
 * @param take tells of a change before it counts, with who made it, and returns what counts; it throws for a change
 * that must not count, and is asked again
 * @throws SettingsError where it cannot be used at the start
 */
export function watchFile<Value>(
  flag: string,
  file: string,
  parse: (text: string) => Value,
  take: (next: Value, before: Value, by: string) => Value,
  log: Log,
): WatchedFile<Value> {
  const open = (): { value: Value; by: string } => {
    const { bytes, by } = readOwnFile(file, MAX_BYTES);
    return { value: parse(bytes.toString()), by };
  };
  const stampOf = (): string => {
    try {
      const { ino, size, mtimeNs, ctimeNs } = fs.statSync(file, { bigint: true });
      return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
    } catch (error) {
      // Gone, or a link in a circle: opening it says so. Open streams ask in a timer, where nobody catches.
      return `${(error as NodeJS.ErrnoException).code}`;
    }
  };
  let stamp = stampOf();
  let tryAt = 0;
  /** What was said of it last, where it could not be taken. */
  let told: string | undefined;
  let value: Value;
  try {
    value = open().value;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SettingsError(`${flag} ${file}: ${code === "ENOENT" ? "there is no such file." : message}`, {
      cause: error,
    });
  }
  return {
    read() {
      const now = stampOf();
      if (now === stamp && (tryAt === 0 || performance.now() < tryAt)) return value;
      stamp = now;
      tryAt = 0;
      try {
        const next = open();
        value = take(next.value, value, next.by);
        told = undefined;
      } catch (error) {
        if (error instanceof NotYet) value = error.meanwhile as Value;
        // Not all that fails is in the file: a process may be out of file descriptors for a moment.
        tryAt = performance.now() + RETRY_MS;
        const { message: reason } = error as Error;
        if (reason !== told) log.error({ file, reason }, `${flag} was not taken as it is`);
        told = reason;
      }
      return value;
    },
  };
}

/** A change that cannot count yet, and what counts in its place. */
export class NotYet extends Error {
  readonly meanwhile: unknown;
  constructor(message: string, meanwhile: unknown) {
    super(message);
    this.name = "NotYet";
    this.meanwhile = meanwhile;
  }
}
