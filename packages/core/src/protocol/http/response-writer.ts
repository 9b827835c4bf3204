import type { ServerResponse } from "node:http";
import type { App } from "../../app.ts";

/** Bytes handed to a socket at once: what it has taken of them is how fast its client reads. */
const SLICE_BYTES = 65_536;
/** Bytes that wait for a client past which it lags, and nothing is written that can be left out. */
const MAX_LAG_BYTES = 1_048_576;
/** How long a client may take nothing of what waits for it, in ms. */
const STALLED_MS = 30_000;
/** The same while others are refused because of what waits. */
const STALLED_UNDER_PRESSURE_MS = 5_000;
/** How often stalled ones are looked for, in ms. */
const LOOK_MS = 1_000;

/** Writes one response as fast as its client reads. */
export interface ResponseWriter {
  write(data: string | Uint8Array): void;
  /** Resolves when the client has read enough, or has left; `undefined` when it keeps up. */
  lag(): Promise<void> | undefined;
  /** Nothing more comes. */
  end(): void;
}

interface Reader {
  /** When the client last took something. */
  movedAt: number;
  cut(reason: string): void;
}

/** Opens a writer for a response whose head has been written. `who` is for the log, where it is cut. */
export type OpenWriter = (response: ServerResponse, who: string) => ResponseWriter;

/**
 * Makes the writers of a server. What they hold is counted with all that is on its way (admission/bytes.ts), and a
 * client that takes nothing for long is cut: it holds memory that others could use.
 */
export function createResponseWriters({ gate: { bytes }, log }: App): OpenWriter {
  const behind = new Set<Reader>();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const { pressed } = bytes;
    const since = performance.now() - (pressed ? STALLED_UNDER_PRESSURE_MS : STALLED_MS);
    for (const reader of behind)
      if (reader.movedAt < since)
        reader.cut(pressed ? "it does not read, and others need the room" : "it does not read");
    if (behind.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  return (response, who) => {
    let queue: Uint8Array[] = [];
    let queued = 0;
    let blocked = false;
    let ended = false;
    let waiting: (() => void)[] = [];
    const reader: Reader = {
      movedAt: 0,
      cut(reason) {
        log.warn({ caller: who, unreadBytes: queued, reason }, "client cut");
        response.destroy();
      },
    };
    const taken = (count: number): void => {
      queued -= count;
      bytes.taken(count);
      if (queued > 0) return;
      behind.delete(reader);
    };
    const wake = (): void => {
      const woken = waiting;
      waiting = [];
      for (const resolve of woken) resolve();
    };
    const lags = (): boolean =>
      queued > SLICE_BYTES && !response.destroyed && (queued > MAX_LAG_BYTES || bytes.pressed);

    const pump = (): void => {
      while (!blocked && queue.length > 0 && !response.writableEnded) {
        const first = queue[0] as Uint8Array;
        const slice = first.subarray(0, SLICE_BYTES);
        if (slice.length === first.length) queue.shift();
        else queue[0] = first.subarray(SLICE_BYTES);
        if (response.write(slice)) {
          taken(slice.length);
          continue;
        }
        blocked = true;
        response.once("drain", () => {
          if (response.destroyed) return;
          blocked = false;
          reader.movedAt = performance.now();
          taken(slice.length);
          pump();
        });
      }
      if (!lags()) wake();
      if (ended && !blocked && queue.length === 0) response.end();
    };
    response.once("close", () => {
      queue = [];
      blocked = true;
      taken(queued);
      wake();
    });

    return {
      write(data) {
        if (response.destroyed || response.writableEnded || ended) return;
        const chunk = typeof data === "string" ? Buffer.from(data) : data;
        if (queued === 0) reader.movedAt = performance.now();
        queued += chunk.length;
        bytes.written(chunk.length);
        queue.push(chunk);
        pump();
        if (queued === 0) return;
        behind.add(reader);
        timer ??= setInterval(look, LOOK_MS).unref();
      },
      lag: () => (lags() ? new Promise((resolve) => waiting.push(resolve)) : undefined),
      end() {
        ended = true;
        pump();
      },
    };
  };
}
