import type { Readable, Writable } from "node:stream";
import type { App } from "../app.ts";
import { stringifyMessage } from "../call/ready-json.ts";
import type { Era } from "../contract/context.ts";
import { eraOf } from "./era.ts";
import { duplicateId, isRefusal, LISTEN, type Message, parseMessage, type Refusal } from "./frame.ts";
import { createInbox, createReader, createWriter } from "./lines.ts";

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
  const channels = new Map<Era, EraChannel>();
  const closers: (() => Promise<void>)[] = [];
  const inFlight = new Map<string | number, Era>();
  // Those of them that are streams: they end with the connection, which does not wait for them.
  const streams = new Set<string | number>();
  const settle = (id: string | number): void => {
    inFlight.delete(id);
    streams.delete(id);
  };
  let logged = 0;
  let end: (how: "eof" | "broken") => void;
  const closed = new Promise<"eof" | "broken">((resolve) => {
    end = resolve;
  });
  const out = createWriter(output, () => end("broken"));

  const openChannel = async (era: Era): Promise<void> => {
    const channel: EraChannel = {
      start: async () => {},
      send: async (message) => {
        const { id, method } = message as Message;
        if (method === undefined && id !== undefined) settle(id);
        out.write(stringifyMessage(message as Message));
      },
      close: async () => channel.onclose?.(),
    };
    const waits = (id: string | number): boolean => inFlight.has(id);
    const options = { caller: { id: "local" }, transport: "pipe" as const, writable: out.writable, waits };
    if (era === "2025") {
      const { connectLegacy } = await import("./legacy.ts");
      closers.push(await connectLegacy(app, channel as never, options));
    } else {
      const { connectModern } = await import("./modern.ts");
      closers.push(connectModern(app, channel as never, options));
    }
    channels.set(era, channel);
  };

  const refused = ({ reason, answer }: Refusal): void => {
    app.account.protocolError(reason);
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
    const channel = channels.get(era);
    if (channel === undefined) return openChannel(era).catch(broken);
    if (id !== undefined && method !== undefined) {
      // A client that does not read gets nothing new begun; its calls wait here, where no time to wait runs out.
      const lagging = out.writable();
      if (lagging !== undefined) return lagging;
      if (inFlight.has(id)) {
        refused(duplicateId(id));
        return undefined;
      }
      inFlight.set(id, era);
      if (method === LISTEN) streams.add(id);
    } else if (cancelled !== undefined) {
      // It may go unanswered from here on.
      settle(cancelled);
    }
    channel.onmessage?.(message as never);
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
      return inFlight.size - streams.size + inbox.size;
    },
    stop,
    async close() {
      stop();
      await Promise.allSettled(closers.map((close) => close()));
      await out.flushed();
    },
  };
}
