import type { Readable, Writable } from "node:stream";
import { SMALL_BYTES } from "../admission/bytes.ts";
import type { App } from "../app.ts";
import { stringifyMessage } from "../call/output/ready-json.ts";
import type { Era } from "../contract/context.ts";
import { makeLegible } from "./connection.ts";
import { eraOf } from "./era.ts";
import {
  BATCH_VERSION,
  type Batch,
  duplicateId,
  isBatch,
  isRefusal,
  LISTEN,
  type Message,
  overloaded,
  parseMessage,
  type Refusal,
  refuse,
  refuseBatch,
} from "./frame.ts";
import { type AnsweredBatch, createBatch } from "./legacy/batch.ts";
import { createInbox, createReader, createWriter, type Sized } from "./lines.ts";
import type { Channel, Peer, StraightRequest } from "./straight/request.ts";
import { createStraight } from "./straight/straight.ts";

/** The answer to a call that outlasts its server. */
const STOPPED = {
  code: -32_000,
  message: "The server stopped before this call had ended. It may have been done: look.",
};
/** Refusals logged in full per connection; a client that sends garbage must not fill the disk. */
const MAX_LOGGED = 100;

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

/** A request that waits for its answer. */
interface Pending {
  readonly era: Era;
  /** What it takes of the room that is counted in bytes. */
  readonly length: number;
  /** The batch that it came in. */
  readonly batch: AnsweredBatch | undefined;
  /** Where it goes without an SDK. */
  readonly straight: StraightRequest | undefined;
  cancelled: boolean;
}

const wantsAnswer = (message: Message | Refusal | Batch): boolean =>
  isRefusal(message) || isBatch(message) || (message.id !== undefined && message.method !== undefined);

/** The part of a connection that one era's SDK sees as its transport. */
interface EraChannel {
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
  const { bytes } = app.gate;
  const channels = new Map<Era, EraChannel>();
  const closers: (() => Promise<void>)[] = [];
  const inFlight = new Map<string | number, Pending>();
  // The streams among them: they end with the connection, which does not wait for them.
  const streams = new Set<string | number>();
  /** The revision that was agreed on in the 2025 era. */
  let version: string | undefined;
  let logged = 0;
  let end: (how: "eof" | "broken") => void;
  const closed = new Promise<"eof" | "broken">((resolve) => {
    end = resolve;
  });
  const out = createWriter(output, bytes, () => end("broken"));

  const straight = app.straight ? createStraight(app) : undefined;
  let peer = (): Peer | undefined => undefined;
  /** A request of the 2026 era has gone straight, and settled the era: a discovery leaves it open. */
  let begun = false;
  const pipe: Channel = {
    transport: "pipe",
    caller: { id: "local" },
    writable: out.writable,
    notify: (_request, json) => out.write(json),
    lag: out.writable,
    answer(request, json) {
      const pending = inFlight.get(request.id);
      // Cancelled, or told that the server stops: there is nothing to answer any more.
      if (pending?.straight !== request || pending.cancelled) return;
      out.write(json);
      settle(request.id, pending);
    },
  };
  /** The request of a message that needs no SDK. In the 2025 era the handshake is one, and comes first. */
  const takeStraight = (message: Message, era: Era): StraightRequest | undefined => {
    if (straight === undefined) return undefined;
    if (era === "2026") return straight.take(message, pipe);
    const client = peer();
    return client === undefined ? undefined : straight.take(message, pipe, client);
  };

  const settle = (id: string | number, pending: Pending): void => {
    inFlight.delete(id);
    streams.delete(id);
    if (pending.length > 0) bytes.release(pending.length);
  };
  const send = (message: Message): void => {
    const { id, method, error } = message;
    if (error !== undefined && method === undefined) makeLegible(error as { message: string });
    const pending = method === undefined && id !== undefined ? inFlight.get(id) : undefined;
    const json = stringifyMessage(message);
    if (pending === undefined || pending.batch === undefined) out.write(json);
    else pending.batch.answer(json, id);
    if (pending !== undefined) settle(id as string | number, pending);
  };

  const openChannel = async (era: Era): Promise<void> => {
    const channel: EraChannel = {
      start: async () => {},
      send: async (message) => {
        version ??= ((message as Message).result as { protocolVersion?: string } | undefined)?.protocolVersion;
        send(message as Message);
      },
      close: async () => channel.onclose?.(),
    };
    const waits = (id: string | number): boolean => inFlight.get(id)?.cancelled === false;
    const { writable } = out;
    const options = { caller: { id: "local" }, transport: "pipe" as const, writable, lag: writable, waits };
    if (era === "2025") {
      const { connectLegacy } = await import("./legacy/legacy.ts");
      const connected = await connectLegacy(app, channel as never, options);
      closers.push(connected.close);
      peer = connected.peer;
    } else {
      const { connectModern } = await import("./modern/modern.ts");
      closers.push(connectModern(app, channel as never, options, begun));
    }
    channels.set(era, channel);
  };

  const refused = (refusal: Refusal, batch?: AnsweredBatch, to: unknown = refusal): void => {
    const { reason, answer, toAnswer } = refusal;
    app.account.protocolError(reason);
    logged += 1;
    if (logged <= MAX_LOGGED)
      app.log.warn(
        { reason, detail: answer.error.message },
        logged === MAX_LOGGED ? "message refused; further ones are not logged" : "message refused",
      );
    if (toAnswer) return;
    if (batch === undefined) out.write(JSON.stringify(answer));
    else batch.answer(JSON.stringify(answer), to);
  };

  // An installation without the SDK of this era: nothing can be answered, and trying again would not help.
  const broken = (error: unknown): Promise<never> => {
    app.log.error({ err: error }, "the connection could not be opened");
    end("broken");
    return new Promise(() => {});
  };

  const receive = ({ message, length }: Sized<Message | Refusal | Batch>): Promise<void> | undefined => {
    // A client that does not read gets nothing new begun; its calls wait here, where no time to wait runs out.
    if (wantsAnswer(message)) {
      const lagging = out.writable() ?? bytes.answersWait();
      if (lagging !== undefined) return lagging;
    }
    if (isRefusal(message)) refused(message);
    else if (!isBatch(message)) return receiveOne(message, length);
    else if (version === BATCH_VERSION) receiveBatch(message, length);
    else refused(refuseBatch());
    return undefined;
  };
  const receiveBatch = ({ batch: items }: Batch, length: number): void => {
    const expected = items.flatMap((item): unknown[] => {
      if (isRefusal(item)) return item.toAnswer ? [] : [item];
      return item.method === undefined || item.id === undefined ? [] : [item.id];
    });
    const batch = createBatch(expected, out.write);
    for (const item of items) {
      if (isRefusal(item)) refused(item, batch);
      else receiveIn(item, Math.ceil(length / items.length), batch);
    }
  };
  const receiveIn = (message: Message, length: number, batch: AnsweredBatch): void => {
    if (message.method === "initialize" || eraOf(message) === "2026")
      refused(refuse("invalid_request", "This is never part of a batch.", message.id), batch, message.id);
    else void receiveOne(message, length, batch);
  };
  const receiveOne = (message: Message, length: number, batch?: AnsweredBatch): Promise<void> | undefined => {
    const { id, method } = message;
    // A cancellation says nothing of its era; the request it names does.
    const cancelled = method === "notifications/cancelled" ? (message.params?.requestId as string | number) : undefined;
    const named = cancelled === undefined ? undefined : inFlight.get(cancelled);
    const era = named?.era ?? eraOf(message);
    const request = batch === undefined ? takeStraight(message, era) : undefined;
    const channel = channels.get(era);
    // A cancellation of what goes without an SDK loads none.
    if (request === undefined && named?.straight === undefined && channel === undefined)
      return openChannel(era).catch(broken);
    if (id !== undefined && method !== undefined) {
      const taken = inFlight.get(id);
      const large = length > SMALL_BYTES;
      const refusal = taken !== undefined ? duplicateId(id) : !bytes.fits(length) ? overloaded(app, id) : undefined;
      if (refusal !== undefined) {
        refused(refusal, batch, taken?.batch === batch ? refusal : id);
        return undefined;
      }
      if (large) bytes.hold(length);
      inFlight.set(id, { era, length: large ? length : 0, batch, straight: request, cancelled: false });
      if (method === LISTEN) streams.add(id);
    } else if (named !== undefined) {
      named.cancelled = true;
      // It will have no answer. Its id is free when the call has heard of it, and not before: of two calls with one id
      // in one chunk the wrong one would run.
      setImmediate(() => {
        if (inFlight.get(cancelled as string) !== named) return;
        settle(cancelled as string, named);
        named.batch?.drop(cancelled);
      });
    }
    if (request !== undefined) {
      begun ||= era === "2026" && method !== "server/discover";
      straight?.begin(request);
    } else if (named?.straight !== undefined) named.straight.cancel(message.params?.reason);
    else channel?.onmessage?.(message as never);
    return undefined;
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
  input.on("end", onEnd);
  input.on("close", onEnd);
  input.on("error", onEnd);

  const stop = (): void => {
    input.off("data", reader.read);
    input.pause();
  };
  return {
    closed,
    get inFlight() {
      return inFlight.size - streams.size + inbox.size;
    },
    stop,
    async close() {
      stop();
      // What has not ended in the time to drain is told so: a client would wait for ever.
      for (const [id, { batch, cancelled, straight }] of inFlight) {
        straight?.cancel();
        if (cancelled || streams.has(id)) continue;
        const answer = JSON.stringify({ jsonrpc: "2.0", id, error: STOPPED });
        if (batch === undefined) out.write(answer);
        else batch.answer(answer, id);
        inFlight.delete(id);
      }
      await Promise.allSettled(closers.map((close) => close()));
      await out.flushed();
    },
  };
}
