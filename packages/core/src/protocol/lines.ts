import type { Readable, Writable } from "node:stream";
import { decodeText, MAX_MESSAGE_BYTES, type Message, type Refusal, refuse } from "./frame.ts";

/** Bytes written but not yet read by the client past which nothing new is begun. */
const MAX_PENDING_BYTES = 4_194_304;
/** Messages handed on per turn of the event loop: what they answer is on its way before the next are begun. */
export const MESSAGES_PER_TURN = 16;
/** Messages read but not handed on past which reading stops. */
const MAX_UNREAD = 1_024;
/**
 * Characters of a turn's answers that go out before the turn is over. Small answers share a system call, which is most
 * of their cost; large ones are worth more to a client that reads them while the rest are being made.
 */
const MAX_BATCH = 16_384;

/**
 * Hands messages on in order, a few per turn, and stops reading while too many wait.
 *
 * @param receive takes a message, or answers with a promise after which the same message is offered again
 */
export function createInbox(receive: (message: Message) => Promise<void> | undefined, input: Readable) {
  let waiting: Message[] = [];
  let scheduled = false;
  let blocked = false;
  let room = MESSAGES_PER_TURN;
  const take = (message: Message): boolean => {
    const later = receive(message);
    if (later === undefined) {
      room -= 1;
      return true;
    }
    blocked = true;
    void later.finally(() => {
      blocked = false;
      // At once, not next turn: a cancellation from the same chunk must arrive before its request's handler runs.
      work();
    });
    return false;
  };
  const work = (): void => {
    let taken = 0;
    while (taken < waiting.length && room > 0 && !blocked && take(waiting[taken] as Message)) taken += 1;
    waiting = waiting.slice(taken);
    if (waiting.length < MAX_UNREAD && input.isPaused()) input.resume();
    schedule();
  };
  const schedule = (): void => {
    if (scheduled || blocked || (waiting.length === 0 && room === MESSAGES_PER_TURN)) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      room = MESSAGES_PER_TURN;
      work();
    });
  };
  return {
    get size() {
      return waiting.length;
    },
    push(message: Message): void {
      if (room === 0 || waiting.length > 0 || blocked || !take(message)) {
        waiting.push(message);
        if (waiting.length > MAX_UNREAD) input.pause();
      }
      schedule();
    },
  };
}

/** Cuts a byte stream into lines; holds at most one line of {@link MAX_MESSAGE_BYTES}. */
export function createReader(
  onLine: (line: string) => void,
  onRefused: (refusal: Refusal) => void,
): (chunk: Buffer) => void {
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
  return (chunk) => {
    let start = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, start)) {
      finish(chunk.subarray(start, at));
      start = at + 1;
    }
    const rest = chunk.subarray(start);
    if (skipping || rest.length === 0) return;
    held += rest.length;
    if (held <= MAX_MESSAGE_BYTES) {
      parts.push(rest);
    } else {
      skipping = true;
      parts = [];
    }
  };
}

/** Writes lines, all of one turn in one system call, and knows how far the reader lags. */
export function createWriter(output: Writable, onBroken: () => void) {
  let batch = "";
  let scheduled = false;
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  };
  const send = (): void => {
    const text = batch;
    batch = "";
    if (text !== "" && !output.destroyed) output.write(text);
  };
  const flush = (): void => {
    scheduled = false;
    send();
    // A write that went through at once is followed by no "drain".
    if (waiting.length > 0 && !lagging()) wake();
  };
  const lagging = (): boolean => output.writableLength + batch.length > MAX_PENDING_BYTES && !output.destroyed;
  output.on("drain", wake);
  // EPIPE: the client closed its end. Nobody is left to answer, and no trace is wanted.
  output.on("error", () => {
    wake();
    onBroken();
  });
  output.on("close", () => {
    wake();
    onBroken();
  });
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
