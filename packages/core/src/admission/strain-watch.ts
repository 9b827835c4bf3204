import type { Logger } from "../contract/context.ts";
import type { Mode } from "../contract/jobs.ts";
import { createMonitor } from "./degradation.ts";
import type { Limits } from "./limits.ts";
import type { GateCall } from "./places.ts";

/** Where a gate says what it does. */
export interface GateReports {
  log: Logger;
  /** Told of a change before it is made; when `emit` throws, it is not made. */
  control: {
    emit(event: { what: "degradation" | "limit"; before: unknown; after: unknown; by: string; reason?: string }): void;
  };
}

/** What a {@link StrainWatch} looks at, and what it notifies. */
export interface Strained {
  limits(): Readonly<Limits>;
  /** The calls that hold a place. */
  held(): readonly GateCall[];
  /** How many wait for one, and how many of these are foreground calls. */
  waiting(): number;
  waitingForeground(): number;
  changed(mode: Mode): void;
}

/** Turns what a gate sees into the mode that it serves in. */
export interface StrainWatch {
  readonly mode: Mode;
  /** There is work: it looks until there is none. */
  wake(): void;
  /** A foreground call has found all places taken. */
  queues(at: number): void;
  /** A call has ended that took longer than `lagAlertMs`. */
  tookLong(call: GateCall): void;
}

/** Feeds degradation: how long calls have queued, and what ran while the event loop stood still. */
export function createStrainWatch(strained: Strained, { log, control }: GateReports): StrainWatch {
  /** Since when calls have queued, looked at from afar: short gaps do not end it. */
  let queuesSince: number | undefined;
  let queued = false;
  /** Calls that took long and have ended since the last look. */
  let long: string[] = [];

  const monitor = createMonitor({
    limits: strained.limits,
    busy: () => strained.held().length + strained.waiting() > 0 || queuesSince !== undefined,
    queueMs(at) {
      if (!queued && strained.waitingForeground() === 0) queuesSince = undefined;
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
    changed: strained.changed,
    stalled(lagMs) {
      const ran = [...new Set([...long, ...strained.held().map(nameOf)])].slice(0, 8);
      if (ran.length > 0) log.warn({ lagMs: Math.round(lagMs), ran }, "the event loop stood still");
    },
  });

  return {
    get mode() {
      return monitor.mode;
    },
    wake: monitor.wake,
    queues(at) {
      queued = true;
      queuesSince ??= at;
    },
    tookLong: (call) => void long.push(nameOf(call)),
  };
}

const nameOf = (call: GateCall): string => (call.name === "" ? call.method : call.name);
