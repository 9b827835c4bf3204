import { isAscii } from "node:buffer";
import type { Writable } from "node:stream";
import { type Bytes, SMALL_BYTES } from "../../admission/bytes.ts";
import { decodeText, MAX_MESSAGE_BYTES, type Refusal, refuse } from "../frame.ts";

/** Bytes written but not yet read by the client past which nothing new is begun. */
const MAX_PENDING_BYTES = 4_194_304;
/**
 * Characters of a turn's answers that go out before the turn is over. Small answers share a system call, which is most
 * of their cost; large ones are worth more to a client that reads them while the rest are being made.
 */
const MAX_BATCH = 16_384;

/**
 * Cuts a byte stream into lines; holds at most one line of {@link MAX_MESSAGE_BYTES}. `end` takes what came after the
 * last line end for a line too.
 */
export function createReader(
  onLine: (line: string) => void,
  onRefused: (refusal: Refusal) => void,
): { read(chunk: Buffer): void; end(): void } {
  let parts: Buffer[] = [];
  let held = 0;
  let skipping = false;
  const finish = (last: Buffer): void => {
    const tooLong = skipping || held + last.length > MAX_MESSAGE_BYTES;
    const line = parts.length === 0 ? last : Buffer.concat([...parts, last]);
    parts = [];
    held = 0;
    skipping = false;
    if (tooLong) {
      onRefused(refuse("too_large", `A message may have at most ${MAX_MESSAGE_BYTES} bytes. Send less at once.`));
    } else {
      const text = decodeText(line);
      if (typeof text !== "string") onRefused(text);
      // A bare line end is a keep-alive.
      else if (text.trim() !== "") onLine(text);
    }
  };
  const keep = (rest: Buffer): void => {
    if (skipping || rest.length === 0) return;
    held += rest.length;
    if (held <= MAX_MESSAGE_BYTES) {
      parts.push(rest);
    } else {
      skipping = true;
      parts = [];
    }
  };
  /** Whole lines are cut out of one text: to decode each by itself costs more than all else about it. */
  const readAscii = (chunk: Buffer): void => {
    const text = chunk.toString("latin1");
    let start = 0;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", start)) {
      const line = text.slice(start, at);
      if (line.startsWith("{") || line.trim() !== "") onLine(line);
      start = at + 1;
    }
    keep(chunk.subarray(start));
  };
  const read = (chunk: Buffer): void => {
    let rest = chunk;
    for (let at = rest.indexOf(10); at !== -1; at = rest.indexOf(10)) {
      // Whole lines, and nothing held of another.
      if (rest === chunk && !skipping && parts.length === 0 && chunk.length <= MAX_MESSAGE_BYTES && isAscii(chunk)) {
        readAscii(chunk);
        return;
      }
      finish(rest.subarray(0, at));
      rest = rest.subarray(at + 1);
    }
    keep(rest);
  };
  return {
    read,
    end() {
      if (skipping || parts.length > 0) finish(Buffer.alloc(0));
    },
  };
}

/**
 * Writes lines, all of one turn in one system call, and knows how far the reader lags. What it has not read counts with
 * all that is on its way.
 */
export function createWriter(output: Writable, bytes: Bytes, onBroken: () => void) {
  let batch = "";
  let scheduled = false;
  let counted = 0;
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  };
  const count = (): void => {
    const pending = output.destroyed ? 0 : output.writableLength;
    if (pending > counted) bytes.written(pending - counted);
    else if (pending < counted) bytes.taken(counted - pending);
    counted = pending;
  };
  const send = (): void => {
    const text = batch;
    batch = "";
    if (text !== "" && !output.destroyed) output.write(text);
    count();
  };
  const flush = (): void => {
    scheduled = false;
    send();
    // A write that went through at once is followed by no "drain".
    if (waiting.length > 0 && !lagging()) wake();
  };
  const lagging = (): boolean => {
    const pending = output.writableLength + batch.length;
    return pending > SMALL_BYTES && pending > Math.min(MAX_PENDING_BYTES, bytes.budget / 2) && !output.destroyed;
  };
  output.on("drain", () => {
    count();
    wake();
  });
  const broken = (): void => {
    count();
    wake();
    onBroken();
  };
  // EPIPE: the client closed its end. No answer can be sent, and no stack is printed.
  output.on("error", broken);
  output.on("close", broken);
  return {
    write(line: string): void {
      batch += `${line}\n`;
      if (batch.length >= MAX_BATCH) send();
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    },
    /** `undefined` when the client keeps up. */
    writable: (): Promise<void> | undefined =>
      lagging() ? new Promise((resolve) => waiting.push(resolve)) : undefined,
    flushed(): Promise<void> {
      flush();
      return new Promise((resolve) => {
        if (output.destroyed || output.writableLength === 0) resolve();
        else output.write("", () => resolve());
      });
    },
  };
}
