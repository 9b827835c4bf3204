import { DefinitionError } from "../contract/errors.ts";

/**
 * Every number that decides how much a server takes on. All of them act by themselves; what you give to `serve`,
 * `connect` or `createApp` as `limits` replaces single ones.
 */
export interface Limits {
  /**
   * Calls that run at once, to begin with. Gradient2, which the limit learns by, starts lower, for servers whose work is
   * their own CPU; most tools wait for something else, and a client that calls twenty at once expects twenty answers.
   *
   * @default 32
   */
  initialRunning: number;
  /**
   * The adaptive limit never goes below this.
   *
   * @default 2 [Gradient2 with a floor that keeps a slow call from blocking the only place]
   */
  minRunning: number;
  /** Nor above this. As high as {@link Limits.minRunning}: a fixed limit. @default 64 */
  maxRunning: number;
  /**
   * Calls that wait for a place; one more is refused at once. The bound is for memory: over HTTP each of them
   * holds a request and a server of the SDK, and 1 024 took more than 128 MiB. Fewer may wait where calls are slow: as
   * many as get a place within the wait, at the pace of the calls before, but never fewer than twice the limit or 64,
   * whichever is less.
   *
   * @default 128
   */
  maxWaiting: number;
  /**
   * How long a call waits for a place, in ms. CoDel's interval is the longest round trip that is usual
   * [RFC 8289, 4.3: 100 ms for packets]; tools take longer than packets, a client that sends a hundred calls at once
   * wants a hundred answers also from a busy machine, and a refusal must still come within a second.
   *
   * @default 500
   */
  waitMs: number;
  /**
   * How long a call waits while the queue has not drained for a whole wait, in ms.
   *
   * @default 5 [CoDel; "Fail at Scale", Maurer 2015]
   */
  overloadedWaitMs: number;
  /**
   * The part of the places that tools with `lane: "background"` may take, 0 to 1 and at least one place.
   *
   * @default 0.2
   */
  backgroundShare: number;
  /** The part of the places that one authenticated caller may take, 0 to 1. @default 0.8: another always finds one */
  callerShare: number;
  /** Calls per second of one authenticated caller, in the long run; 0: no limit. @default 100 */
  callsPerSecond: number;
  /**
   * The same for unauthenticated callers: the client on stdio, and everyone on open HTTP together.
   *
   * @default 0: no limit
   */
  localCallsPerSecond: number;
  /** Calls that a caller may make at once beyond its rate, after a pause. @default 200 */
  burst: number;
  /** Callers whose rate is remembered; the one not seen for longest is forgotten first. @default 10 000 */
  maxCallers: number;
  /** Time for a call that names none: queue, handler, and all that the handler asks for; in ms. @default 60 000 */
  timeoutMs: number;
  /** How long the queue stands until background work is slowed, in ms. @default 1 000 */
  degradedQueueMs: number;
  /** And until background work is refused, in ms. @default 5 000 */
  foregroundOnlyQueueMs: number;
  /** How late the event loop is, twice in a row, until background work is slowed, in ms. @default 200 */
  degradedLagMs: number;
  /**
   * And until background work is refused, in ms.
   *
   * @default 1 000 [what @fastify/under-pressure shows as maxEventLoopDelay]
   */
  foregroundOnlyLagMs: number;
  /** How long all must be well before one step back, in ms. @default 5 000 */
  calmMs: number;
  /** How late the event loop is when a line in the log names what ran, in ms. @default 1 000 */
  lagAlertMs: number;
}

/** What holds unless you say otherwise. */
export const DEFAULT_LIMITS: Readonly<Limits> = Object.freeze({
  initialRunning: 32,
  minRunning: 2,
  maxRunning: 64,
  maxWaiting: 128,
  waitMs: 500,
  overloadedWaitMs: 5,
  backgroundShare: 0.2,
  callerShare: 0.8,
  callsPerSecond: 100,
  localCallsPerSecond: 0,
  burst: 200,
  maxCallers: 10_000,
  timeoutMs: 60_000,
  degradedQueueMs: 1_000,
  foregroundOnlyQueueMs: 5_000,
  degradedLagMs: 200,
  foregroundOnlyLagMs: 1_000,
  calmMs: 5_000,
  lagAlertMs: 1_000,
});

const COUNTS = ["initialRunning", "minRunning", "maxRunning", "burst", "maxCallers"];
const SHARES = ["backgroundShare", "callerShare"];
const MAY_BE_NONE = ["maxWaiting", "callsPerSecond", "localCallsPerSecond", "overloadedWaitMs"];
/** Pairs of which the first may not be above the second. */
const ORDERED: [keyof Limits, keyof Limits][] = [
  ["minRunning", "maxRunning"],
  ["overloadedWaitMs", "waitMs"],
  ["degradedQueueMs", "foregroundOnlyQueueMs"],
  ["degradedLagMs", "foregroundOnlyLagMs"],
];

/** These limits with some replaced. @throws DefinitionError naming the one that cannot be */
export function withLimits(base: Readonly<Limits>, given: Partial<Limits> = {}): Readonly<Limits> {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(base, name)) {
      throw new DefinitionError(`limits.${name} is unknown. There are: ${Object.keys(base).join(", ")}.`);
    }
    const whole = COUNTS.includes(name) || name === "maxWaiting";
    const least = MAY_BE_NONE.includes(name) ? 0 : COUNTS.includes(name) ? 1 : Number.MIN_VALUE;
    const most = SHARES.includes(name) ? 1 : Number.MAX_SAFE_INTEGER;
    if (typeof value !== "number" || !(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
      const range = `${least === Number.MIN_VALUE ? "above 0" : `${least} or more`}${most === 1 ? ", at most 1" : ""}`;
      throw new DefinitionError(
        `limits.${name} must be a ${whole ? "whole " : ""}number, ${range}; got ${JSON.stringify(value) ?? "nothing"}.`,
      );
    }
  }
  const limits = { ...base, ...withoutUndefined(given) };
  for (const [low, high] of ORDERED) {
    if (limits[low] <= limits[high]) continue;
    // Setting one does not require the other.
    if (given[low] === undefined) limits[low] = limits[high];
    else if (given[high] === undefined) limits[high] = limits[low];
    else
      throw new DefinitionError(`limits.${low} (${limits[low]}) must not be above limits.${high} (${limits[high]}).`);
  }
  return Object.freeze(limits);
}

const withoutUndefined = (given: Partial<Limits>): Partial<Limits> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
