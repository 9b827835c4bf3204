import type { Stop } from "../contract/stop.ts";
import type { Failure } from "./failure.ts";

/** How often and how fast an idempotent call is tried again. The numbers are those of the AWS SDKs (2026). */
export interface RetryOptions {
  /** Attempts in all, the first included. 1 turns retries off. @default 3 */
  attempts?: number | undefined;
  /** Upper bound of the first pause, in ms; it doubles with each further one. @default 50 */
  baseMs?: number | undefined;
  /** The same after the dependency asked to be left alone (429, 503). @default 1 000 */
  throttledBaseMs?: number | undefined;
  /** Tokens shared by all calls of a dependency; with none left nothing is retried. @default 100 */
  budget?: number | undefined;
}

/** What a retry takes out of the budget. */
const COST = 14;
const THROTTLED_COST = 5;
/** A first attempt that succeeds gives this back, so that a healthy dependency fills the budget up again. */
const REFUND = 1;
/** Upper bound of any pause, in ms, before `Retry-After` adds to it. */
const MAX_DELAY_MS = 5_000;
/** How far a `Retry-After` may lengthen a pause, in ms: a dependency must not park its callers for an hour. */
const MAX_HINT_MS = 5_000;

/** The pause before the next attempt in ms, with full jitter. Pure: `random` is a number in [0, 1). */
export function retryDelay(
  failures: number,
  { throttled = false, retryAfterMs }: Failure,
  { baseMs = 50, throttledBaseMs = 1_000 }: RetryOptions,
  random: number,
): number {
  const bound = Math.min(MAX_DELAY_MS, (throttled ? throttledBaseMs : baseMs) * 2 ** (failures - 1));
  const computed = random * bound;
  if (retryAfterMs === undefined || !(retryAfterMs >= 0)) return computed;
  return Math.min(Math.max(retryAfterMs, computed), computed + MAX_HINT_MS);
}

/** A token bucket that keeps retries from multiplying the load on a dependency that is down. */
export interface RetryBudget {
  readonly tokens: number;
  /** Takes what a retry costs and returns it, or returns 0 when too little is left. */
  take(throttled: boolean): number;
  /** Gives back what the last retry before a success took; {@link REFUND} when there was none. */
  refund(taken: number): void;
}

export function createRetryBudget(capacity = 100): RetryBudget {
  let tokens = capacity;
  return {
    get tokens() {
      return tokens;
    },
    take(throttled) {
      const cost = throttled ? THROTTLED_COST : COST;
      if (tokens < cost) return 0;
      tokens -= cost;
      return cost;
    },
    refund(taken) {
      tokens = Math.min(capacity, tokens + Math.max(taken, REFUND));
    },
  };
}

/** Waits, and ends early with the signal's reason. */
export function pause(ms: number, signal: Stop | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      settle();
    };
    const abort = end(() => reject(signal?.reason));
    const timer = setTimeout(end(resolve), ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
  });
}
