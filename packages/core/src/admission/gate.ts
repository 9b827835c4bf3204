import type { Call } from "../call/context.ts";
import { DefinitionError, ErrorCode, ProtocolError } from "../contract/errors.ts";
import type { Mode } from "../contract/jobs.ts";
import type { Lane } from "../contract/tool.ts";
import { createMonitor } from "../control/degradation.ts";
import type { ControlEvents } from "../control/events.ts";
import { createLimiter } from "../resilience/limiter.ts";
import type { Log } from "../telemetry/log.ts";
import { type Limits, withLimits } from "./limits.ts";
import { createQueue, type Waiting } from "./queue.ts";
import { createRate } from "./rate.ts";

/** Why a call was refused; `data.reason` of the answer. */
export type RefusalReason = "overloaded" | "rate_limited" | "core_only";

/** Room for handlers: how many run at once, who may wait and how long. */
export interface Gate {
  /**
   * Lets a call in at once (`undefined`), or when there is a place.
   *
   * @throws ProtocolError 4290 with `retryAfterMs`, at once or from the promise, for a call that has not run
   */
  enter(call: Call, lane: Lane): Promise<void> | undefined;
  /** Frees the place of a call that was let in. */
  leave(call: Call): void;
  /** The refusal of a call whose time passed before it could begin. */
  tooLate(): ProtocolError;
  readonly running: number;
  readonly waiting: number;
  readonly mode: Mode;
  readonly limits: Readonly<Limits>;
  /** How things stand, for metrics: cheap, and new each time. */
  snapshot(): GateSnapshot;
  /**
   * Other limits from now on; those not given stay, and `initialRunning` and `timeoutMs` cannot change. A control event
   * says who changed what.
   *
   * @throws DefinitionError naming the one that cannot be
   */
  configure(changes: Partial<Limits>, by: string): void;
  /** Tells of each change of mode, after it. */
  onMode(listener: (mode: Mode) => void): void;
}

/** How a {@link Gate} stands. */
export interface GateSnapshot {
  mode: Mode;
  /** The adaptive limit. */
  limit: number;
  running: number;
  waiting: number;
  /** Whether the queue has not drained for a whole wait: newest first, and a short wait. */
  overloaded: boolean;
  /** Mean time of a handler of late, in ms. */
  paceMs: number;
  lanes: Record<Lane, { running: number; waiting: number; limit: number }>;
  /** Calls refused since the start. */
  refused: Record<RefusalReason, number>;
}

interface Entry extends Waiting {
  readonly call: Call;
  readonly start: () => void;
  readonly refuse: (reason: unknown) => void;
}

/** How much one call moves the mean time. */
const PACE_SHARE = 0.05;
/** When to come back: never at once, and no later than a caller that keeps to it would wait anyway, in ms. */
const RETRY_MS = { least: 100, most: 5_000, unknown: 1_000 };
/** The fewest that may wait, where the limit is high enough. */
const ROOM = 64;

/** What a change could no longer reach. */
const AT_START = ["initialRunning", "timeoutMs"] as const;
/** The ids of those whom nobody authenticated. */
const NOBODY = ["local", "anonymous"];

/** Where a {@link Gate} says what it does. */
export interface GateReports {
  log: Log;
  control: ControlEvents;
}

/** The adaptive limit, the queue before it, and what keeps one caller or kind of work from taking all of it. */
export function createGate(given: Readonly<Limits>, { log, control }: GateReports): Gate {
  let limits = given;
  const limiter = createLimiter({
    initial: limits.initialRunning,
    min: limits.minRunning,
    max: limits.maxRunning,
  });
  // An array and not a set: adding to one and deleting from it on each call costs memory, a third more of it in all.
  const running: Call[] = [];
  let background = 0;
  const lanes = { core: createQueue<Entry>(), background: createQueue<Entry>() };
  const rate = createRate(() => limits);
  const refused: Record<RefusalReason, number> = { overloaded: 0, rate_limited: 0, core_only: 0 };
  const modeListeners: ((mode: Mode) => void)[] = [];
  let paceMs = 0;
  /** Refused for want of room since the queue was last empty: they will be back, and are told to come one after another. */
  let sentAway = 0;
  /** Since when calls have queued, looked at from afar: short gaps do not end it. */
  let queuesSince: number | undefined;
  let queued = false;
  /** Calls that took long and have ended since the last look. */
  let long: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = Number.POSITIVE_INFINITY;

  const monitor = createMonitor({
    limits: () => limits,
    busy: () => running.length + waiting() > 0 || queuesSince !== undefined,
    queueMs(at) {
      if (!queued && lanes.core.size === 0) queuesSince = undefined;
      queued = false;
      long = [];
      return queuesSince === undefined ? 0 : at - queuesSince;
    },
    mayChange(before, after, reason) {
      try {
        control.emit({ what: "degradation", before, after, by: "server", reason });
      } catch (error) {
        log.error({ err: error, before, after }, "the mode could not change: it could not be accounted for");
        return false;
      }
      return true;
    },
    changed(after) {
      for (const listener of modeListeners) listener(after);
      if (after === "core-only") for (const entry of lanes.background.clear()) entry.refuse(refusal("core_only"));
      dispatch();
    },
    stalled(lagMs) {
      const ran = [...new Set([...long, ...running.map(nameOf)])].slice(0, 8);
      if (ran.length > 0) log.warn({ lagMs: Math.round(lagMs), ran }, "the event loop stood still");
    },
  });

  const waiting = (): number => lanes.core.size + lanes.background.size;
  const isOverloaded = (at: number): boolean => lanes.core.size > 0 && at - lanes.core.standsSince > limits.waitMs;
  const backgroundLimit = (): number =>
    monitor.mode === "core-only"
      ? 0
      : monitor.mode === "degraded"
        ? 1
        : Math.max(1, Math.floor(limiter.limit * limits.backgroundShare));
  const roomOf = (lane: Lane): number => {
    const least = Math.min(2 * limiter.limit, ROOM);
    const served = paceMs === 0 ? limits.maxWaiting : Math.ceil((limiter.limit * limits.waitMs) / paceMs);
    const room = Math.min(limits.maxWaiting, Math.max(least, served));
    return lane === "core" ? room : Math.ceil(room * limits.backgroundShare);
  };

  const mayHave = (caller: string): number =>
    NOBODY.includes(caller) ? limiter.limit : Math.ceil(limiter.limit * limits.callerShare);
  const countOf = (caller: string): number => {
    let count = 0;
    for (const call of running) if (call.caller.id === caller) count += 1;
    return count;
  };
  /** The common case costs a comparison: whose calls run is counted only where one caller could have too many. */
  const fits = (call: Call, lane: Lane): boolean =>
    running.length < limiter.limit &&
    (lane === "core" || background < backgroundLimit()) &&
    (running.length < limiter.limit * limits.callerShare || countOf(call.caller.id) < mayHave(call.caller.id));
  const begin = (call: Call): void => {
    call.place = running.push(call) - 1;
    limiter.acquire();
    if (call.lane === "background") background += 1;
  };

  const refusal = (reason: RefusalReason, retryAfterMs?: number): ProtocolError => {
    refused[reason] += 1;
    const turnMs = paceMs === 0 ? RETRY_MS.unknown : ((waiting() + sentAway) * paceMs) / limiter.limit;
    const inMs = Math.round(Math.min(RETRY_MS.most, Math.max(RETRY_MS.least, retryAfterMs ?? turnMs)));
    if (reason === "overloaded") sentAway += 1;
    return new ProtocolError(ErrorCode.overloaded, `${WHY[reason]} Try again in ${inMs} ms.`, {
      reason,
      retryAfterMs: inMs,
    });
  };

  const dispatch = (): void => {
    if (waiting() === 0) {
      sentAway = 0;
      return;
    }
    const at = performance.now();
    const counts = new Map<string, number>();
    for (const { caller } of running) counts.set(caller.id, (counts.get(caller.id) ?? 0) + 1);
    const atHand = (caller: string): number | undefined => {
      const count = counts.get(caller) ?? 0;
      return count < mayHave(caller) ? count : undefined;
    };
    while (running.length < limiter.limit) {
      const entry =
        (background < backgroundLimit() ? lanes.background.take(false, atHand) : undefined) ??
        lanes.core.take(isOverloaded(at), atHand);
      if (entry === undefined) break;
      if (entry.expiresAt <= at) {
        entry.refuse(refusal("overloaded"));
        continue;
      }
      begin(entry.call);
      counts.set(entry.caller, (counts.get(entry.caller) ?? 0) + 1);
      entry.start();
    }
  };

  const expire = (): void => {
    wakesAt = Number.POSITIVE_INFINITY;
    const at = performance.now();
    for (const lane of [lanes.core, lanes.background])
      for (const entry of lane.expire(at)) entry.refuse(refusal("overloaded"));
    wakeAt(Math.min(lanes.core.nextExpiry(), lanes.background.nextExpiry()), at);
  };
  const wakeAt = (when: number, at: number): void => {
    if (when >= wakesAt) return;
    clearTimeout(timer);
    wakesAt = when;
    timer = setTimeout(expire, Math.max(1, Math.ceil(when - at)));
  };

  const wait = (call: Call, lane: Lane): Promise<void> => {
    const at = performance.now();
    const queue = lanes[lane];
    // Background work that stands in line, or a caller that has all it may have, is no strain.
    if (lane === "core" && running.length >= limiter.limit) {
      queued = true;
      queuesSince ??= at;
    }
    if (queue.size >= roomOf(lane)) {
      const evicted = queue.evict(call.caller.id);
      if (evicted === undefined) throw refusal("overloaded");
      evicted.refuse(refusal("overloaded"));
    }
    // Background work waits as long as its call lasts: nobody sits before it, and its lane is short.
    const lastsMs =
      lane === "background" ? Number.POSITIVE_INFINITY : isOverloaded(at) ? limits.overloadedWaitMs : limits.waitMs;
    return new Promise((resolve, reject) => {
      const { signal } = call.wire;
      const cancelled = (): void => {
        if (queue.remove(entry)) reject(signal.reason);
      };
      const entry: Entry = {
        call,
        caller: call.caller.id,
        expiresAt: Math.min(at + lastsMs, call.endsAt),
        start: () => {
          signal.removeEventListener("abort", cancelled);
          resolve();
        },
        refuse: (reason) => {
          signal.removeEventListener("abort", cancelled);
          reject(reason);
        },
      };
      queue.push(entry, at);
      signal.addEventListener("abort", cancelled, { once: true });
      wakeAt(entry.expiresAt, at);
    });
  };

  return {
    enter(call, lane) {
      monitor.wake();
      if (lane === "background" && monitor.mode === "core-only") throw refusal("core_only", limits.calmMs);
      const perSecond = NOBODY.includes(call.caller.id) ? limits.localCallsPerSecond : limits.callsPerSecond;
      if (perSecond > 0) {
        const inMs = rate.take(call.caller.id, perSecond, performance.now());
        if (inMs > 0) throw refusal("rate_limited", inMs);
      }
      call.lane = lane;
      if (!fits(call, lane)) return wait(call, lane);
      begin(call);
      return undefined;
    },
    leave(call) {
      const last = running.pop() as Call;
      if (last !== call) {
        running[call.place] = last;
        last.place = call.place;
      }
      if (call.lane === "background") background -= 1;
      const { stopped } = call;
      // A call that was cancelled, or that never began, says nothing about the server.
      if (call.beganAt < 0 || stopped?.why === "cancelled") {
        limiter.release();
      } else {
        const tookMs = performance.now() - call.beganAt;
        paceMs = paceMs === 0 ? tookMs : paceMs + (tookMs - paceMs) * PACE_SHARE;
        if (tookMs >= limits.lagAlertMs) long.push(nameOf(call));
        limiter.release({ rttMs: tookMs, kind: call.name, dropped: stopped !== undefined });
      }
      dispatch();
    },
    tooLate: () => refusal("overloaded"),
    get running() {
      return running.length;
    },
    get waiting() {
      return waiting();
    },
    get mode() {
      return monitor.mode;
    },
    get limits() {
      return limits;
    },
    snapshot: () => ({
      mode: monitor.mode,
      limit: limiter.limit,
      running: running.length,
      waiting: waiting(),
      overloaded: isOverloaded(performance.now()),
      paceMs,
      lanes: {
        core: { running: running.length - background, waiting: lanes.core.size, limit: limiter.limit },
        background: { running: background, waiting: lanes.background.size, limit: backgroundLimit() },
      },
      refused: { ...refused },
    }),
    configure(changes, by) {
      for (const name of AT_START)
        if (changes[name] !== undefined && changes[name] !== limits[name])
          throw new DefinitionError(`limits.${name} counts when a server starts; it cannot change after that.`);
      const next = withLimits(limits, changes);
      const names = (Object.keys(changes) as (keyof Limits)[]).filter((name) => next[name] !== limits[name]);
      if (names.length === 0) return;
      const only = (from: Limits) => Object.fromEntries(names.map((name) => [name, from[name]]));
      control.emit({ what: "limit", before: only(limits), after: only(next), by });
      limits = next;
      limiter.configure({ min: limits.minRunning, max: limits.maxRunning });
      dispatch();
    },
    onMode: (listener) => void modeListeners.push(listener),
  };
}

const WHY: Record<RefusalReason, string> = {
  overloaded: "Overloaded: there is no room for this call now, and it was not begun.",
  rate_limited: "Too many calls in a short time; this one was not begun.",
  core_only: "The server is under strain and does no background work now; this call was not begun.",
};

const nameOf = (call: Call): string => (call.name === "" ? call.method : call.name);
