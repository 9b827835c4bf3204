import { DefinitionError, type ProtocolError } from "../contract/errors.ts";
import type { Mode } from "../contract/jobs.ts";
import type { Lane } from "../contract/tool.ts";
import { type Bytes, createBytes } from "./bytes.ts";
import { type Limits, withLimits } from "./limits.ts";
import { createLine, type Line } from "./line.ts";
import { createPlaces, type GateCall, isNobody, type Places } from "./places.ts";
import { createRate } from "./rate.ts";
import { createRefusals, type RefusalReason, type Refusals } from "./refusals.ts";
import { createStrainWatch, type GateReports, type StrainWatch } from "./strain-watch.ts";

/** Room for handlers: how many run at once, who may wait and how long. */
export interface Gate {
  /**
   * Lets a call in at once (`undefined`), or when there is a place.
   *
   * @throws ProtocolError 4290 with `retryAfterMs`, at once or from the promise, for a call that has not run
   */
  enter(call: GateCall, lane: Lane): Promise<void> | undefined;
  /** Frees the place of a call that was let in. */
  leave(call: GateCall): void;
  /** The refusal of a call that there is no room for, or whose time passed before it could begin. */
  overloaded(): ProtocolError;
  /** What is on its way, in bytes: the connections count what they read and write. */
  readonly bytes: Bytes;
  readonly running: number;
  readonly waiting: number;
  readonly mode: Mode;
  readonly limits: Readonly<Limits>;
  /** The state now, for metrics: cheap, and new each time. */
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

/** The state of a {@link Gate}. */
export interface GateSnapshot {
  mode: Mode;
  /** The adaptive limit. */
  limit: number;
  running: number;
  waiting: number;
  /** Whether the queue has not drained for a whole wait: newest first, and a short wait. */
  overloaded: boolean;
  /** Moving average of the time a handler takes, in ms. */
  paceMs: number;
  lanes: Record<Lane, { running: number; waiting: number; limit: number }>;
  /** Calls refused since the start. */
  refused: Record<RefusalReason, number>;
}

/** What a change could no longer reach. */
const AT_START = ["initialRunning", "timeoutMs"] as const;

/** The adaptive limit, the queue before it, and what keeps one caller or kind of work from taking all of it. */
export function createGate(given: Readonly<Limits>, reports: GateReports): Gate {
  let limits = given;
  const limitsNow = () => limits;
  const modeListeners: ((mode: Mode) => void)[] = [];
  const strain: StrainWatch = createStrainWatch(
    {
      limits: limitsNow,
      held: () => places.held,
      waiting: () => line.size,
      waitingForeground: () => line.sizeOf("foreground"),
      changed(mode) {
        for (const listener of modeListeners) listener(mode);
        if (mode === "foreground-only") line.refuseBackground();
        line.dispatch();
      },
    },
    reports,
  );
  const rate = createRate(limitsNow);
  const bytes: Bytes = createBytes(() => {
    if (line.size > 0) line.dispatch();
  });
  const places: Places = createPlaces(limitsNow, bytes, () => strain.mode, strain.tookLong);
  const refusals: Refusals = createRefusals(places, () => line.size);
  const line: Line = createLine(limitsNow, places, refusals, strain.queues);

  return {
    enter(call, lane) {
      strain.wake();
      if (lane === "background" && strain.mode === "foreground-only")
        throw refusals.make("foreground_only", limits.calmMs);
      const perSecond = isNobody(call.caller.id) ? limits.localCallsPerSecond : limits.callsPerSecond;
      if (perSecond > 0) {
        const inMs = rate.take(call.caller.id, perSecond, performance.now());
        if (inMs > 0) throw refusals.make("rate_limited", inMs);
      }
      call.lane = lane;
      if (!places.fits(call, lane)) return line.wait(call, lane);
      places.take(call);
      return undefined;
    },
    leave(call) {
      places.free(call);
      // Calls the next ones in, if any wait.
      bytes.release(call.answerBytes);
      if (line.size === 0) refusals.drained();
    },
    overloaded: () => refusals.make("overloaded"),
    bytes,
    get running() {
      return places.held.length;
    },
    get waiting() {
      return line.size;
    },
    get mode() {
      return strain.mode;
    },
    get limits() {
      return limits;
    },
    snapshot: () => ({
      mode: strain.mode,
      limit: places.limit,
      running: places.held.length,
      waiting: line.size,
      overloaded: line.isOverloaded(performance.now()),
      paceMs: places.paceMs,
      lanes: {
        foreground: {
          running: places.held.length - places.background,
          waiting: line.sizeOf("foreground"),
          limit: places.limit,
        },
        background: {
          running: places.background,
          waiting: line.sizeOf("background"),
          limit: places.backgroundLimit(),
        },
      },
      refused: { ...refusals.counts },
    }),
    configure(changes, by) {
      for (const name of AT_START)
        if (changes[name] !== undefined && changes[name] !== limits[name])
          throw new DefinitionError(`limits.${name} counts when a server starts; it cannot change after that.`);
      const next = withLimits(limits, changes);
      const names = (Object.keys(changes) as (keyof Limits)[]).filter((name) => next[name] !== limits[name]);
      if (names.length === 0) return;
      const only = (from: Limits) => Object.fromEntries(names.map((name) => [name, from[name]]));
      reports.control.emit({ what: "limit", before: only(limits), after: only(next), by });
      limits = next;
      places.configure();
      line.dispatch();
    },
    onMode: (listener) => void modeListeners.push(listener),
  };
}
