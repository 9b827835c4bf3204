import { createGate } from "../../src/admission/gate.ts";
import { DEFAULT_LIMITS, type Limits, withLimits } from "../../src/admission/limits.ts";
import { Call } from "../../src/call/call.ts";
import type { WireRequest } from "../../src/call/wire.ts";
import { isProtocolError } from "../../src/contract/errors.ts";
import { type ControlEvent, createControlEvents } from "../../src/control/events.ts";
import type { Lane } from "../../src/index.ts";
import { createLog } from "../../src/telemetry/log.ts";

/** What became of a call. */
export interface Visit {
  readonly id: number;
  readonly call: Call;
  /** `refused: overloaded` and the like; `waiting` and `running` until then. */
  state: string;
  /** How often it was told: more than once would be an error. */
  told: number;
  retryAfterMs?: number;
  leave(): void;
  abort(): void;
}

/** A gate without a protocol before it or handlers behind it. */
export function openGate(given: Partial<Limits> = {}) {
  const lines: string[] = [];
  const events: ControlEvent[] = [];
  const log = createLog("info", { write: (line) => lines.push(line) });
  const control = createControlEvents();
  control.listen((event) => events.push(event));
  const gate = createGate(withLimits(DEFAULT_LIMITS, given), { log, control });
  const visits: Visit[] = [];
  const began: number[] = [];

  const enter = ({ caller = "local", lane = "foreground" as Lane, name = "tool", timeoutMs = 60_000 } = {}): Visit => {
    const controller = new AbortController();
    const call = new Call("tools/call", { caller: { id: caller }, signal: controller.signal } as WireRequest, log);
    call.name = name;
    call.open(timeoutMs);
    const visit: Visit = {
      id: visits.length,
      call,
      state: "waiting",
      told: 0,
      leave() {
        visit.state = "done";
        gate.leave(call);
      },
      abort: () => controller.abort(new Error("cancelled")),
    };
    const run = (): void => {
      visit.state = "running";
      visit.told += 1;
      began.push(visit.id);
      call.begin();
    };
    const refuse = (error: unknown): void => {
      visit.told += 1;
      const data = isProtocolError(error) ? (error.data as { reason: string; retryAfterMs: number }) : undefined;
      visit.state = data === undefined ? "cancelled" : `refused: ${data.reason}`;
      if (data !== undefined) visit.retryAfterMs = data.retryAfterMs;
    };
    visits.push(visit);
    try {
      const later = gate.enter(call, lane);
      if (later === undefined) run();
      else void later.then(run, refuse);
    } catch (error) {
      refuse(error);
    }
    return visit;
  };
  const states = (some: Visit[] = visits): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { state } of some) counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  };
  return {
    gate,
    control,
    events,
    enter,
    /** That many at once. */
    many: (count: number, options: Parameters<typeof enter>[0] = {}) =>
      Array.from({ length: count }, () => enter(options)),
    visits,
    began,
    states,
    logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
