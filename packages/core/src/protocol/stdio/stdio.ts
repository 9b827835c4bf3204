import type { Readable, Writable } from "node:stream";
import type { App } from "../../app.ts";
import { eraOf } from "../era.ts";
import {
  BATCH_VERSION,
  type Batch,
  duplicateId,
  isBatch,
  isRefusal,
  type Message,
  overloaded,
  parseMessage,
  type Refusal,
  refuse,
  refuseBatch,
} from "../frame.ts";
import { type AnsweredBatch, createBatch } from "../legacy/batch.ts";
import { createStraightPipe } from "../straight/pipe.ts";
import { createAnswers } from "./answers.ts";
import { createChannels } from "./channels.ts";
import { createInbox, type Sized } from "./inbox.ts";
import { createReader, createWriter } from "./lines.ts";
import { createOpenRequests } from "./requests.ts";

/** A served stdio connection. */
export interface StdioConnection {
  /** Resolves when the client has left: its end of stdin is closed, or stdout is no longer read. */
  readonly closed: Promise<"eof" | "broken">;
  /** Requests that have not been answered. */
  readonly inFlight: number;
  /** Reads no more. */
  stop(): void;
  /** Closes both eras and writes out what is left. */
  close(): Promise<void>;
}

/**
 * Serves one client over a pair of streams, in whichever era it speaks, and loads only the SDK that it needs.
 *
 * Own framing, because the SDKs' is silent where it must not be: a malformed line, a fractional id, a line over
 * 4 MiB, invalid UTF-8 and a second request with an id in use are answered and logged, and serving goes on.
 */
export function serveStdioConnection(app: App, input: Readable, output: Writable): StdioConnection {
  const { bytes } = app.gate;
  const { promise: closed, resolve: end } = Promise.withResolvers<"eof" | "broken">();
  const out = createWriter(output, bytes, () => end("broken"));
  const { writable } = out;
  const requests = createOpenRequests(bytes);
  const answers = createAnswers(app, requests, out.write);
  /** The revision that was agreed on last in the 2025 era. One that has batches is agreed on with the SDK. */
  let version: string | undefined;
  const waits = (id: string | number): boolean => requests.get(id)?.cancelled === false;
  const options = { caller: { id: "local" }, transport: "pipe" as const, writable, lag: writable, waits };
  const channels = createChannels(app, options, (message) => {
    version = (message.result as { protocolVersion?: string } | undefined)?.protocolVersion ?? version;
    answers.send(message);
  });
  const straight = createStraightPipe(app, options, requests, channels, out.write);

  const receive = ({ message, length }: Sized<Message | Refusal | Batch>): Promise<void> | undefined => {
    // A client that does not read gets nothing new begun; its calls wait here, where no time to wait runs out.
    if (wantsAnswer(message)) {
      const lagging = writable() ?? bytes.answersWait();
      if (lagging !== undefined) return lagging;
    }
    if (isRefusal(message)) answers.refuse(message);
    else if (!isBatch(message)) return receiveOne(message, length);
    else if (version === BATCH_VERSION) receiveBatch(message, length);
    else answers.refuse(refuseBatch());
    return undefined;
  };
  const receiveBatch = ({ batch: items }: Batch, length: number): void => {
    const expected = items.flatMap((item): unknown[] => {
      if (isRefusal(item)) return item.toAnswer ? [] : [item];
      return item.method === undefined || item.id === undefined ? [] : [item.id];
    });
    const batch = createBatch(expected, out.write);
    for (const item of items) {
      if (isRefusal(item)) answers.refuse(item, batch);
      else if (item.method === "initialize" || eraOf(item) === "2026")
        answers.refuse(refuse("invalid_request", "This is never part of a batch.", item.id), batch, item.id);
      else void receiveOne(item, Math.ceil(length / items.length), batch);
    }
  };
  const receiveOne = (message: Message, length: number, batch?: AnsweredBatch): Promise<void> | undefined => {
    const { id, method } = message;
    // A cancellation says nothing of its era; the request it names does.
    const cancelled = method === "notifications/cancelled" ? (message.params?.requestId as string | number) : undefined;
    const named = requests.get(cancelled);
    const era = named?.era ?? eraOf(message);
    const request = batch === undefined ? straight.take(message, era) : undefined;
    const pass = channels.get(era);
    // A cancellation of what goes without an SDK loads none.
    if (pass === undefined && request === undefined && named?.straight === undefined)
      return straight.ignores(message) ? undefined : channels.open(era, straight).catch(broken);
    if (id !== undefined && method !== undefined) {
      const taken = requests.get(id);
      const refusal = taken !== undefined ? duplicateId(id) : bytes.fits(length) ? undefined : overloaded(app, id);
      if (refusal !== undefined) {
        answers.refuse(refusal, batch, taken?.batch === batch ? refusal : id);
        return undefined;
      }
      requests.add(message, era, length, batch, request);
    } else if (cancelled !== undefined) {
      requests.cancel(cancelled, message.params?.reason);
    }
    if (request !== undefined) straight.begin(request);
    else if (named?.straight === undefined) pass?.(message);
    return undefined;
  };
  // An installation without the SDK of this era: nothing can be answered, and trying again would not help.
  const broken = (error: unknown): Promise<never> => {
    app.log.error({ err: error }, "the connection could not be opened");
    end("broken");
    return new Promise(() => {});
  };

  const inbox = createInbox(receive, input);
  const reader = createReader(
    (line) => inbox.push({ message: parseMessage(line), length: line.length }),
    (refusal) => inbox.push({ message: refusal, length: 0 }),
  );
  const onEnd = (): void => {
    reader.end();
    end("eof");
  };
  input.on("data", reader.read);
  for (const event of ["end", "close", "error"]) input.on(event, onEnd);
  const stop = (): void => {
    input.off("data", reader.read);
    input.pause();
  };

  return {
    closed,
    get inFlight() {
      return requests.size + inbox.size;
    },
    stop,
    async close() {
      stop();
      answers.stopped();
      straight.handOver();
      await channels.close();
      await out.flushed();
    },
  };
}

const wantsAnswer = (message: Message | Refusal | Batch): boolean =>
  isRefusal(message) || isBatch(message) || (message.id !== undefined && message.method !== undefined);
