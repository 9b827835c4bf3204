/** How recent attempts ended. */
export interface Outcomes {
  /** Counts one that ended at `now`. */
  add(now: number, isFailed: boolean, isSlow: boolean): void;
  sum(): Ended;
  clear(): void;
}

interface Ended {
  well: number;
  failed: number;
  /** Of both. */
  slow: number;
}

/** Old outcomes leave the window a bucket at a time. */
const BUCKETS = 10;

/** A window over outcomes. It turns when one is added, so an idle dependency has no timer. */
export function createOutcomes(windowMs: number): Outcomes {
  const bucketMs = windowMs / BUCKETS;
  const none = (): Ended => ({ well: 0, failed: 0, slow: 0 });
  const empty = (): Ended[] => Array.from({ length: BUCKETS }, none);
  let turnedAt = performance.now();
  /** The newest first. */
  let buckets = empty();
  const turn = (now: number): void => {
    const passed = Math.floor((now - turnedAt) / bucketMs);
    if (passed < 1) return;
    turnedAt += passed * bucketMs;
    const left = buckets.slice(0, Math.max(0, BUCKETS - passed));
    buckets = [...empty().slice(left.length), ...left];
  };
  return {
    add(now, isFailed, isSlow) {
      turn(now);
      const newest = buckets[0] as Ended;
      if (isFailed) newest.failed += 1;
      else newest.well += 1;
      if (isSlow) newest.slow += 1;
    },
    sum() {
      const sum = none();
      for (const { well, failed, slow } of buckets) {
        sum.well += well;
        sum.failed += failed;
        sum.slow += slow;
      }
      return sum;
    },
    clear() {
      buckets = empty();
    },
  };
}
