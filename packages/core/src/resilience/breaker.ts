import { EventEmitter } from "node:events";
import CircuitBreaker from "opossum";
import type { BreakerForce, BreakerState } from "../contract/dependency.ts";
import { Refused } from "./failure.ts";

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

/** What a failed attempt says about the dependency. `unsaid`: its caller left before it could. */
export type Evidence = "well" | "failed" | "unsaid";

export interface Breaker {
  readonly state: BreakerState;
  readonly forced: BreakerForce;
  /** @throws Refused: nothing should wait for a place that it may not take */
  check(): void;
  /** Runs one attempt; while half-open, one at a time. @throws Refused, or what the attempt throws */
  fire<Value>(attempt: () => Promise<Value>, evidenceOf: (error: unknown) => Evidence): Promise<Value>;
  force(state: BreakerForce): void;
}

/** A breaker that is made with its first attempt, or when it is forced: a start waits for none. */
export function breakWhenAsked(make: () => Breaker): Breaker {
  let made: Breaker | undefined;
  const breaker = (): Breaker => {
    made ??= make();
    return made;
  };
  return {
    get state() {
      return made?.state ?? "closed";
    },
    get forced() {
      return made?.forced ?? "auto";
    },
    check: () => made?.check(),
    fire: (attempt, evidenceOf) => breaker().fire(attempt, evidenceOf),
    force: (next) => breaker().force(next),
  };
}

/** An attempt on its way through opossum. */
interface Shot {
  attempt: () => Promise<unknown>;
  evidence: Evidence;
  slow: boolean;
}

/** What opossum has and its types lack. */
interface Untyped {
  rotateBucketController: EventEmitter;
}
interface UntypedStatus {
  increment(property: "timeouts"): void;
}

/** Shares of failed and of slow attempts that open it. */
const FAILED_PERCENT = 50;
const SLOW_PERCENT = 60;
/** The longest it stays open. */
const MAX_OPEN_MS = 60_000;
/** The buckets of the window: old outcomes leave it a bucket at a time. */
const BUCKETS = 10;

/**
 * opossum's window and states, with what it lacks: a share of slow attempts, longer pauses each time in a row, and a
 * window that is empty after closing: otherwise one failure after the pause would open it again, together with those
 * from before. The window turns when it is read, so an idle dependency has no timer.
 */
export function createBreaker(
  name: string,
  onChange: (before: BreakerState, after: BreakerState, reason: string) => void,
  { windowMs = 10_000, minCalls = 10, slowMs = 2_500, openMs = 5_000 }: BreakerOptions = {},
  random: () => number = Math.random,
): Breaker {
  const window = new EventEmitter();
  const options: CircuitBreaker.Options<[Shot]> & Untyped = {
    name,
    timeout: false,
    resetTimeout: openMs,
    // Out of reach: opossum's rule counts running attempts as successes. `judge` has ours.
    volumeThreshold: Number.MAX_SAFE_INTEGER,
    rollingCountTimeout: windowMs,
    rollingCountBuckets: BUCKETS,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    rotateBucketController: window,
    errorFilter: (_error: unknown, shot?: Shot) => shot?.evidence !== "failed",
  };
  const circuit = new CircuitBreaker<[Shot], unknown>((shot) => shot.attempt(), options);
  let forced: BreakerForce = "auto";
  let opens = 0;
  let inARow = 0;
  let openUntil = 0;
  let turnedAt = performance.now();
  let seen: BreakerState = "closed";
  let reason = "";

  const state = (): BreakerState => (circuit.closed ? "closed" : circuit.opened ? "open" : "half-open");
  const changed = (): void => {
    const before = seen;
    seen = state();
    if (before !== seen && forced === "auto") onChange(before, seen, reason);
  };
  const turn = (buckets = Math.floor((performance.now() - turnedAt) / (windowMs / BUCKETS))): void => {
    turnedAt += buckets * (windowMs / BUCKETS);
    for (let turned = 0; turned < Math.min(buckets, BUCKETS); turned += 1) window.emit("rotate");
  };
  // Before opossum's own listener, which starts the timer of the pause.
  circuit.prependListener("open", () => {
    opens += 1;
    options.resetTimeout = Math.min(MAX_OPEN_MS, openMs * opens * (0.9 + 0.2 * random()));
    openUntil = performance.now() + options.resetTimeout;
    const { failures, successes, timeouts: slow } = circuit.stats;
    reason = `${failures} of ${failures + successes} attempts failed, ${slow} were slow; pause ${Math.round(options.resetTimeout)} ms`;
  });
  circuit.on("halfOpen", () => {
    reason = "the pause is over: one attempt as a probe";
  });
  circuit.on("close", () => {
    opens = 0;
    inARow = 0;
    turn(BUCKETS);
    reason = "the probe succeeded";
  });
  circuit.on("open", changed);
  circuit.on("halfOpen", changed);
  circuit.on("close", changed);

  const refused = (retryAfterMs: number) => new Refused(`The breaker of ${name} is open.`, retryAfterMs);
  const check = (): void => {
    if (forced === "closed") return;
    if (forced === "open") throw refused(MAX_OPEN_MS);
    if (circuit.opened || (circuit.halfOpen && !circuit.pendingClose))
      throw refused(Math.max(1_000, openUntil - performance.now()));
  };
  const judge = (): void => {
    const { failures, successes, timeouts: slow } = circuit.stats;
    const calls = failures + successes;
    if (!circuit.closed || calls < minCalls) return;
    // A share alone reacts late to a sudden outage: half of a full window has to fail first.
    if (inARow >= minCalls && failures >= minCalls) circuit.open();
    else if (failures * 100 >= FAILED_PERCENT * calls || slow * 100 >= SLOW_PERCENT * calls) circuit.open();
  };
  return {
    get state() {
      return forced === "auto" ? state() : forced;
    },
    get forced() {
      return forced;
    },
    check,
    async fire<Value>(attempt: () => Promise<Value>, evidenceOf: (error: unknown) => Evidence) {
      if (forced === "closed") {
        return attempt().catch((error: unknown) => {
          evidenceOf(error);
          throw error;
        });
      }
      // opossum counts its own refusals as calls; they say nothing about the dependency.
      check();
      turn();
      const probe = circuit.halfOpen;
      const startedAt = performance.now();
      const shot: Shot = { attempt, evidence: "well", slow: false };
      const ended = (): void => {
        turn();
        shot.slow = performance.now() - startedAt >= slowMs;
        // The window's one column that is free here: opossum's own timeouts are off.
        if (shot.slow) (circuit.status as unknown as UntypedStatus).increment("timeouts");
      };
      shot.attempt = () =>
        attempt().then(
          (value) => {
            ended();
            return value;
          },
          (error: unknown) => {
            ended();
            shot.evidence = evidenceOf(error);
            // opossum knows only success and failure, and a probe whose caller left must not close it.
            if (shot.evidence === "unsaid" && probe) shot.evidence = "failed";
            throw error;
          },
        );
      try {
        return (await circuit.fire(shot)) as Value;
      } finally {
        if (shot.evidence === "well") inARow = 0;
        else if (shot.evidence === "failed") inARow += 1;
        if (shot.slow || shot.evidence === "failed") judge();
      }
    },
    force(next) {
      forced = next;
      if (next !== "auto") return;
      circuit.close();
      seen = "closed";
      opens = 0;
      inARow = 0;
      turn(BUCKETS);
    },
  };
}
