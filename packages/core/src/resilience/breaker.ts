import type { BreakerForce, BreakerState } from "../contract/dependency.ts";
import { Refused } from "./failure.ts";
import { createOutcomes } from "./outcomes.ts";

/**
 * When a dependency is taken for broken (half of its attempts failed, or 60 % were slow), and how long it is left
 * alone.
 */
export interface BreakerOptions {
  /** How far back outcomes count, in ms. @default 10 000 */
  windowMs?: number | undefined;
  /** Attempts in the window below which nothing is concluded. So many failures in a row open it. @default 10 */
  minCalls?: number | undefined;
  /** From when an attempt is slow, in ms. @default half of the dependency's `timeoutMs` */
  slowMs?: number | undefined;
  /**
   * How long it stays open the first time, in ms; the n-th time in a row n times that, a minute at most.
   *
   * @default 5 000
   */
  openMs?: number | undefined;
}

/** What an attempt says about the dependency. `unsaid`: its caller left before it could. */
export type Evidence = "well" | "failed" | "unsaid";

/** An attempt on its way. */
export interface Shot {
  startedAt: number;
}

export interface Breaker {
  readonly state: BreakerState;
  readonly forced: BreakerForce;
  /** @throws Refused: nothing should wait for a place that it may not take */
  check(): void;
  /** Begins an attempt; while half-open, one at a time. `undefined` for one that does not count. @throws Refused */
  enter(): Shot | undefined;
  /** Ends it. */
  leave(shot: Shot | undefined, evidence: Evidence): void;
  force(state: BreakerForce): void;
}

/** Shares of failed and of slow attempts that open it. */
const FAILED_PERCENT = 50;
const SLOW_PERCENT = 60;
/** The longest it stays open. */
const MAX_OPEN_MS = 60_000;

/**
 * Open after too many failed or slow attempts, half-open after a pause that is longer each time in a row, and closed
 * again when one attempt succeeds. Closing forgets what was counted: otherwise one failure after the pause would open it
 * again, together with those from before.
 */
export function createBreaker(
  name: string,
  onChange: (before: BreakerState, after: BreakerState, reason: string) => void,
  { windowMs = 10_000, minCalls = 10, slowMs = 2_500, openMs = 5_000 }: BreakerOptions = {},
  random: () => number = Math.random,
): Breaker {
  const outcomes = createOutcomes(windowMs);
  let state: BreakerState = "closed";
  let forced: BreakerForce = "auto";
  /** The one attempt of a half-open breaker. What was on its way before the pause says nothing of the time after it. */
  let probe: Shot | undefined;
  let opens = 0;
  let inARow = 0;
  let openUntil = 0;
  let pause: NodeJS.Timeout | undefined;

  const change = (after: BreakerState, reason: string): void => {
    const before = state;
    state = after;
    probe = undefined;
    if (forced === "auto") onChange(before, after, reason);
  };
  const open = (): void => {
    opens += 1;
    const pauseMs = Math.min(MAX_OPEN_MS, openMs * opens * (0.9 + 0.2 * random()));
    openUntil = performance.now() + pauseMs;
    pause = setTimeout(() => change("half-open", "the pause is over: one attempt as a probe"), pauseMs);
    pause.unref();
    const { failed, well, slow } = outcomes.sum();
    change("open", `${failed} of ${failed + well} attempts failed, ${slow} were slow; pause ${Math.round(pauseMs)} ms`);
  };
  const reset = (): void => {
    clearTimeout(pause);
    opens = 0;
    inARow = 0;
    outcomes.clear();
  };
  const judge = (): void => {
    const { failed, well, slow } = outcomes.sum();
    const calls = failed + well;
    if (state !== "closed" || calls < minCalls) return;
    // A share alone reacts late to a sudden outage: half of a full window has to fail first.
    if (inARow >= minCalls && failed >= minCalls) open();
    else if (failed * 100 >= FAILED_PERCENT * calls || slow * 100 >= SLOW_PERCENT * calls) open();
  };
  const refused = (retryAfterMs: number) => new Refused(`The breaker of ${name} is open.`, retryAfterMs);
  const check = (): void => {
    if (forced === "closed") return;
    if (forced === "open") throw refused(MAX_OPEN_MS);
    if (state === "open" || probe !== undefined) throw refused(Math.max(1_000, openUntil - performance.now()));
  };
  return {
    get state() {
      return forced === "auto" ? state : forced;
    },
    get forced() {
      return forced;
    },
    check,
    enter() {
      if (forced === "closed") return undefined;
      check();
      const shot = { startedAt: performance.now() };
      if (state === "half-open") probe = shot;
      return shot;
    },
    leave(shot, said) {
      if (shot === undefined) return;
      const now = performance.now();
      const isSlow = now - shot.startedAt >= slowMs;
      // A probe whose caller left must not close it.
      const evidence = said === "unsaid" && shot === probe ? "failed" : said;
      const isFailed = evidence === "failed";
      outcomes.add(now, isFailed, isSlow);
      if (isFailed) inARow += 1;
      else if (evidence === "well") inARow = 0;
      if (shot === probe) {
        if (isFailed) open();
        else {
          reset();
          change("closed", "the probe succeeded");
        }
      } else if (isFailed || isSlow) judge();
    },
    force(next) {
      forced = next;
      if (next !== "auto") return;
      reset();
      state = "closed";
      probe = undefined;
    },
  };
}
