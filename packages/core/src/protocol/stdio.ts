import { isUtf8 } from "node:buffer";
import type { Readable, Writable } from "node:stream";
import type { App } from "../call/app.ts";
import type { Era } from "../contract/context.ts";
import { eraOf } from "./era.ts";
import { isRefusal, MAX_MESSAGE_BYTES, type Message, parseMessage, type Refusal, refuse } from "./frame.ts";

/** Bytes written but not yet read by the client past which nothing new is begun. */
const MAX_PENDING_BYTES = 4_194_304;
/** Messages handed on per turn of the event loop: what they answer is on its way before the next are begun. */
const MESSAGES_PER_TURN = 16;
/** Messages read but not handed on past which reading stops. */
const MAX_UNREAD = 1_024;
/** Refusals logged in full per connection; a client that sends garbage must not fill the disk. */
const MAX_LOGGED = 100;

/** A served stdio connection. */
export interface StdioConnection {
  /** Resolves when the client has left: its end of stdin is closed, or nobody reads stdout any more. */
  readonly closed: Promise<"eof" | "broken">;
  /** Requests that have not been answered. */
  readonly inFlight: number;
  /** Reads no more. */
  stop(): void;
  /** Closes both eras and writes out what is left. */
  close(): Promise<void>;
}

/** The part of a connection that one era's SDK sees as its transport. */
interface Lane {
  onmessage?: (message: never) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  start(): Promise<void>;
  send(message: unknown): Promise<void>;
  close(): Promise<void>;
}

/**
 * Serves one client over a pair of streams, in whichever era it speaks, and loads only the SDK that it needs.
 *
 * Own framing, because the SDKs' is silent where it must not be: a malformed line, a fractional id, a line over
 * 4 MiB, invalid UTF-8 and a second request with an id in use are answered and logged, and serving goes on.
 */
export function serveStdioConnection(app: App, input: Readable, output: Writable): StdioConnection {
  const lanes = new Map<Era, Lane>();
  const closers: (() => Promise<void>)[] = [];
  const inFlight = new Map<string | number, Era>();
  let logged = 0;
  let end: (how: "eof" | "broken") => void;
  const closed = new Promise<"eof" | "broken">((resolve) => {
    end = resolve;
  });
  const out = createWriter(output, () => end("broken"));

  const openLane = async (era: Era): Promise<void> => {
    const lane: Lane = {
      start: async () => {},
      send: async (message) => {
        const { id, method } = message as Message;
        if (method === undefined && id !== undefined) inFlight.delete(id);
        out.write(JSON.stringify(message));
      },
      close: async () => lane.onclose?.(),
    };
    const waits = (id: string | number): boolean => inFlight.has(id);
    const options = { caller: { id: "local" }, writable: out.writable, waits };
    if (era === "2025") {
      const { connectLegacy } = await import("./legacy.ts");
      closers.push(await connectLegacy(app, lane as never, options));
    } else {
      const { connectModern } = await import("./modern.ts");
      closers.push(connectModern(app, lane as never, options));
    }
    lanes.set(era, lane);
  };

  const refused = ({ reason, answer }: Refusal): void => {
    logged += 1;
    if (logged <= MAX_LOGGED)
      app.log.warn(
        { reason, detail: answer.error.message },
        logged === MAX_LOGGED ? "message refused; further ones are not logged" : "message refused",
      );
    out.write(JSON.stringify(answer));
  };

  // An installation without the SDK of this era: nothing can be answered, and trying again would not help.
  const broken = (error: unknown): Promise<never> => {
    app.log.error({ err: error }, "the connection could not be opened");
    end("broken");
    return new Promise(() => {});
  };

  const receive = (message: Message): Promise<void> | undefined => {
    const { id, method } = message;
    // A cancellation says nothing of its era; the request it names does.
    const cancelled = method === "notifications/cancelled" ? (message.params?.requestId as string | number) : undefined;
    const era = (cancelled === undefined ? undefined : inFlight.get(cancelled)) ?? eraOf(message);
    const lane = lanes.get(era);
    if (lane === undefined) return openLane(era).catch(broken);
    if (id !== undefined && method !== undefined) {
      if (inFlight.has(id)) {
        refused(refuse("duplicate_id", "Duplicate id: a request with this id is still being answered.", id));
        return undefined;
      }
      inFlight.set(id, era);
    } else if (cancelled !== undefined) {
      // It may go unanswered from here on.
      inFlight.delete(cancelled);
    }
    lane.onmessage?.(message as never);
    return undefined;
  };

  const inbox = createInbox(receive, input);
  const reader = createReader((line) => {
    const message = parseMessage(line);
    if (isRefusal(message)) refused(message);
    else inbox.push(message);
  }, refused);
  const onData = (chunk: Buffer): void => reader(chunk);
  const onEnd = (): void => end("eof");
  input.on("data", onData);
  input.on("end", onEnd);
  input.on("close", onEnd);
  input.on("error", onEnd);

  const stop = (): void => {
    input.off("data", onData);
    input.pause();
  };
  return {
    closed,
    get inFlight() {
      return inFlight.size + inbox.size;
    },
    stop,
    async close() {
      stop();
      await Promise.allSettled(closers.map((close) => close()));
      await out.flushed();
    },
  };
}

/**
 * Hands messages on in order, a few per turn, and stops reading while too many wait.
 *
 * @param receive takes a message, or answers with a promise after which the same message is offered again
 */
function createInbox(receive: (message: Message) => Promise<void> | undefined, input: Readable) {
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
function createReader(onLine: (line: string) => void, onRefused: (refusal: Refusal) => void): (chunk: Buffer) => void {
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
    } else if (!isUtf8(line)) {
      onRefused(refuse("parse", "Parse error: the message is not valid UTF-8."));
    } else {
      // Some Windows clients begin with a byte order mark; a bare line end is a keep-alive.
      const text = line.toString("utf8").replace(/^\uFEFF/, "");
      if (text.trim() !== "") onLine(text);
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
function createWriter(output: Writable, onBroken: () => void) {
  let batch = "";
  let scheduled = false;
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  };
  const flush = (): void => {
    scheduled = false;
    const text = batch;
    batch = "";
    if (text !== "" && !output.destroyed) output.write(text);
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
