import { setImmediate } from "node:timers/promises";

export interface LongTask {
  signal?: AbortSignal | undefined;
  /** Hears now and then how many entries were seen. How many there are is not known before the end. */
  progress?: ((seen: number) => void) | undefined;
}

export interface Caps {
  /** Entries looked at in one call. */
  maxEntries?: number | undefined;
  /** Folders below the first one: 1 is only what stands in it. */
  maxDepth?: number | undefined;
  /** Milliseconds, after which the call answers with what it has. */
  maxTime?: number | undefined;
}

/** How long the event loop may wait for a walk, in milliseconds. */
const slice = 8;

/** Lets a long task run in slices, and tells it when its caps are reached. */
export interface Pace {
  readonly seen: number;
  /** Counts one entry. True when it is one too many: stop, and go on behind the last one in another call. */
  spent(): boolean;
  /** Whether the event loop is due a turn: cheap enough to ask at every entry. Then `await rest()`. */
  due(): boolean;
  /** A turn for others. Throws the signal's reason once the call was cancelled. */
  rest(): Promise<void>;
}

export function createPace({ signal, progress, maxEntries, maxTime }: LongTask & Caps): Pace {
  signal?.throwIfAborted();
  const start = performance.now();
  let [seen, asked, sliceStart, late] = [0, 0, start, false];
  return {
    get seen() {
      return seen;
    },
    spent() {
      // A first entry is always let through, so that each call gets on.
      if (seen > 0 && (late || seen >= (maxEntries ?? Number.POSITIVE_INFINITY))) return true;
      seen++;
      return false;
    },
    due() {
      if (++asked % 16 !== 0) return false;
      const now = performance.now();
      late ||= now - start > (maxTime ?? Number.POSITIVE_INFINITY);
      return now - sliceStart > slice;
    },
    async rest() {
      progress?.(seen);
      await setImmediate();
      signal?.throwIfAborted();
      sliceStart = performance.now();
    },
  };
}
