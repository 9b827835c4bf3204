/** Calls per caller and second: a token bucket each. */
export interface Rate {
  /** Takes a token. @returns 0, or how many ms until there is one */
  take(caller: string, perSecond: number, now: number): number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** @param sizes asked on each call, because limits change while a server runs */
export function createRate(sizes: () => { burst: number; maxCallers: number }): Rate {
  // In the order they were last seen.
  const buckets = new Map<string, Bucket>();
  return {
    take(caller, perSecond, now) {
      const { burst, maxCallers } = sizes();
      const known = buckets.get(caller);
      const bucket = known ?? { tokens: burst, at: now };
      if (known !== undefined) buckets.delete(caller);
      buckets.set(caller, bucket);
      for (const oldest of buckets.keys()) {
        if (buckets.size <= maxCallers) break;
        buckets.delete(oldest);
      }
      bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * perSecond) / 1_000);
      bucket.at = now;
      if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) * 1_000) / perSecond);
      bucket.tokens -= 1;
      return 0;
    },
  };
}
