import { LRUCache } from "lru-cache";

/** How long answers are kept, and how many. */
export interface CacheOptions {
  /** For how long an answer is as good as new, in ms. */
  ttlMs: number;
  /** For how long after that it may still be given, marked `stale`, when the dependency fails, in ms. @default 0 */
  staleMs?: number | undefined;
  /**
   * For how long after `ttlMs`, in ms, a reader gets the old answer at once, marked `stale`, while one refresh runs in
   * the background. 0 has readers wait for the new one.
   *
   * @default `ttlMs`, at most `staleMs`
   */
  revalidateMs?: number | undefined;
  /** @default 1 000 */
  maxEntries?: number | undefined;
  /** Bytes, by `sizeOf`. An answer larger than that is not kept. @default 16 777 216 */
  maxBytes?: number | undefined;
  /** Bytes of an answer. @default of its JSON, which it must have */
  sizeOf?: ((value: unknown) => number) | undefined;
  /** Whether an answer is kept. @default everything but `undefined` and `null`, so that "not there" is asked again */
  keep?: ((value: unknown) => boolean) | undefined;
}

/** An answer that was kept. */
export interface Kept {
  value: unknown;
  ageMs: number;
  /** `fresh` is within its TTL; `aging` is to be refreshed in the background; `stale` is for failures alone. */
  state: "fresh" | "aging" | "stale";
}

interface Entry {
  key: string;
  value: unknown;
  ttlMs: number;
  storedAt: number;
  storedAtWall: number;
}

export interface Cache {
  readonly entries: number;
  readonly bytes: number;
  read(id: string): Kept | undefined;
  /** Keeps an answer, for a TTL of its own where it has one. @returns the one that it replaces */
  write(id: string, key: string, value: unknown, ttlMs?: number): { value: unknown } | undefined;
  forget(matches: (key: string) => boolean): void;
}

/** Answers by id, the least recently used thrown out first. The caller decides what an old one may be used for. */
export function createCache({
  ttlMs: defaultTtlMs,
  staleMs = 0,
  revalidateMs,
  maxEntries = 1_000,
  maxBytes = 16_777_216,
  sizeOf = jsonBytes,
  keep = (value) => value !== undefined && value !== null,
}: CacheOptions): Cache {
  // Made with the first answer: a start does not wait for the package.
  let kept: LRUCache<string, Entry> | undefined;
  const make = (): LRUCache<string, Entry> =>
    new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: ({ value }) => Math.max(1, sizeOf(value)),
    });
  return {
    get entries() {
      return kept?.size ?? 0;
    },
    get bytes() {
      return kept?.calculatedSize ?? 0;
    },
    read(id) {
      const entry = kept?.get(id);
      if (entry === undefined) return undefined;
      const { value, ttlMs } = entry;
      const ageMs = ageOf(entry);
      const pastMs = ageMs - ttlMs;
      if (pastMs < 0) return { value, ageMs, state: "fresh" };
      if (pastMs < (revalidateMs ?? Math.min(ttlMs, staleMs))) return { value, ageMs, state: "aging" };
      if (pastMs < staleMs) return { value, ageMs, state: "stale" };
      // Kept until evicted or replaced: a refresh is compared with it.
      return undefined;
    },
    write(id, key, value, ttlMs = defaultTtlMs) {
      if (!keep(value)) {
        kept?.delete(id);
        return undefined;
      }
      kept ??= make();
      const before = kept.peek(id);
      kept.set(id, { key, value, ttlMs, storedAt: performance.now(), storedAtWall: Date.now() });
      return before;
    },
    forget(matches) {
      for (const [id, { key }] of [...(kept?.entries() ?? [])]) if (matches(key)) kept?.delete(id);
    },
  };
}

/**
 * The monotonic clock stands still while a laptop sleeps, and the wall clock can be set back: the older age is right.
 */
const ageOf = ({ storedAt, storedAtWall }: Entry): number =>
  Math.round(Math.max(performance.now() - storedAt, Date.now() - storedAtWall));

const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? "");
