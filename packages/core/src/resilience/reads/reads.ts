import { isDeepStrictEqual } from "node:util";
import { type Scope, scopeOf } from "../scope.ts";
import { type CacheOptions, createCache, type Kept } from "./cache.ts";
import { createFlights } from "./flight.ts";

/** One read: its key, the id under which it is kept, in which the caller is, and for how long, if not as all are. */
export interface Read {
  key: string;
  id: string;
  ttlMs: number | undefined;
}

/**
 * What is read and for whom; `callerId` is `undefined` for what is the same for all. The length of the id is part of
 * it, so that no other pair of caller and key gives the same text.
 */
export const readOf = (key: string, callerId: string | undefined, ttlMs?: number): Read => ({
  key,
  ttlMs,
  id: callerId === undefined ? `*${key}` : `${callerId.length}:${callerId}:${key}`,
});

/** The safeguards of answering from what is kept or already asked for. */
export interface Reads {
  readonly counts: { hits: number; stale: number; misses: number; refreshes: number; entries: number; bytes: number };
  /** What is kept; its `state` says what it may be used for. Counted, as the first look of a call. */
  look(read: Read): Kept | undefined;
  /** The same, after the dependency failed. */
  last(read: Read): Kept | undefined;
  /** Waits for the answer together with all who ask for the same, and keeps it. */
  join<Value>(read: Read, scope: Scope, ask: (scope: Scope) => Promise<Value>): Promise<Value>;
  /** Reads again in the background, once for any number of readers. */
  refresh(read: Read, ask: (scope: Scope) => Promise<unknown>, failed: (error: unknown) => void): void;
  invalidate(key: string | { prefix: string }): void;
  onRefresh(listener: (key: string) => void): () => void;
}

/** Cache and single flight, which share their keys. */
export function createReads(name: string, options: CacheOptions | undefined): Reads {
  const cache = options === undefined ? undefined : createCache(options);
  const flights = createFlights(name);
  const listeners = new Set<(key: string) => void>();
  const counts = { hits: 0, stale: 0, misses: 0, refreshes: 0 };

  const join = (read: Read, scope: Scope, ask: (scope: Scope) => Promise<unknown>): Promise<unknown> => {
    return flights.join(read.id, read.key, scope, async (shared, wanted) => {
      const value = await ask(shared);
      // Invalidated while it was read: it may be from before the change.
      if (cache === undefined || !wanted()) return value;
      const before = cache.write(read.id, read.key, value, read.ttlMs);
      if (before === undefined) return value;
      counts.refreshes += 1;
      if (listeners.size > 0 && !isDeepStrictEqual(before.value, value))
        for (const listener of listeners) listener(read.key);
      return value;
    });
  };
  return {
    get counts() {
      return { ...counts, entries: cache?.entries ?? 0, bytes: cache?.bytes ?? 0 };
    },
    look(read) {
      if (cache === undefined) return undefined;
      const kept = cache.read(read.id);
      if (kept?.state === "fresh") counts.hits += 1;
      else if (kept?.state === "aging") counts.stale += 1;
      else counts.misses += 1;
      return kept;
    },
    last: (read) => cache?.read(read.id),
    join: join as Reads["join"],
    refresh(read, ask, failed) {
      // No call waits for it, so it has the dependency's timeout and not a call's.
      if (!flights.has(read.id)) join(read, scopeOf({}), ask).catch(failed);
    },
    invalidate(key) {
      const matches =
        typeof key === "string" ? (kept: string) => kept === key : (kept: string) => kept.startsWith(key.prefix);
      flights.forget(matches);
      cache?.forget(matches);
    },
    onRefresh(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
