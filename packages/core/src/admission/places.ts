import type { Mode } from "../contract/jobs.ts";
import type { Lane } from "../contract/tool.ts";
import { createGradient } from "../resilience/limit/gradient.ts";
import type { Bytes } from "./bytes.ts";
import type { Limits } from "./limits.ts";

/** What admission reads of a call, and what it notes on it. */
export interface GateCall {
  readonly caller: { readonly id: string };
  readonly method: string;
  readonly name: string;
  readonly wire: { readonly signal: AbortSignal };
  /** When its handler began, and when its time is over; monotonic, in ms. `beganAt` is -1 before. */
  readonly beganAt: number;
  readonly endsAt: number;
  readonly stopped: { readonly why: string } | undefined;
  lane: Lane;
  /** The index of its place. */
  place: number;
  /** What room is held for its answer, in bytes. */
  answerBytes: number;
}

/** Which calls hold a place now, and which caller may have one more. */
export interface Places {
  /** The calls that hold one, in no order. */
  readonly held: readonly GateCall[];
  /** How many of them are background work. */
  readonly background: number;
  /** How many there are: the adaptive limit. */
  readonly limit: number;
  /** Whether none is free. */
  readonly full: boolean;
  /** Moving average of the time a handler takes, in ms. 0: none has ended yet. */
  readonly paceMs: number;
  /** How many background work may hold in the current mode. */
  backgroundLimit(): number;
  /** How many one caller may hold. */
  mayHave(caller: string): number;
  /** How many each caller holds. New each time: for looks at the queue, not for each call. */
  counts(): Map<string, number>;
  /** Whether there is room for what this call may answer, counted in bytes. */
  hasRoom(call: GateCall): boolean;
  /** Whether this call may have one at once. */
  fits(call: GateCall, lane: Lane): boolean;
  take(call: GateCall): void;
  /** Frees the place of a call, and learns from the time it took. */
  free(call: GateCall): void;
  /** Follows limits that have changed. */
  configure(): void;
}

/** How much one call moves the mean time. */
const PACE_SHARE = 0.05;
/** The ids of unauthenticated callers. */
const NOBODY = ["local", "anonymous"];

/** Whether this caller is not authenticated, so that several clients may share its id. */
export const isNobody = (caller: string): boolean => NOBODY.includes(caller);

/**
 * As many places as the limit learns there should be, shared between callers and kinds of work.
 *
 * @param tookLong told of each call that took longer than `lagAlertMs`
 */
export function createPlaces(
  limits: () => Readonly<Limits>,
  bytes: Bytes,
  mode: () => Mode,
  tookLong: (call: GateCall) => void,
): Places {
  const { initialRunning: initial, minRunning: min, maxRunning: max } = limits();
  const gradient = createGradient({ initial, min, max });
  // An array and not a set: adding to one and deleting from it on each call costs memory, a third more of it in all.
  const held: GateCall[] = [];
  let background = 0;
  let paceMs = 0;

  const backgroundLimit = (): number => {
    const now = mode();
    if (now === "foreground-only") return 0;
    return now === "degraded" ? 1 : Math.max(1, Math.floor(gradient.limit * limits().backgroundShare));
  };
  const mayHave = (caller: string): number =>
    isNobody(caller) ? gradient.limit : Math.ceil(gradient.limit * limits().callerShare);
  const countOf = (caller: string): number => {
    let count = 0;
    for (const call of held) if (call.caller.id === caller) count += 1;
    return count;
  };

  // One always runs, whatever it may answer: else what is too large for the budget would never be served.
  const hasRoom = ({ name }: GateCall): boolean => held.length === 0 || bytes.fits(bytes.expected(name));

  return {
    held,
    get background() {
      return background;
    },
    get limit() {
      return gradient.limit;
    },
    get full() {
      return held.length >= gradient.limit;
    },
    get paceMs() {
      return paceMs;
    },
    backgroundLimit,
    mayHave,
    hasRoom,
    counts() {
      const counts = new Map<string, number>();
      for (const { caller } of held) counts.set(caller.id, (counts.get(caller.id) ?? 0) + 1);
      return counts;
    },
    // The common case costs a comparison: whose calls run is counted only where one caller could have too many.
    fits: (call, lane) =>
      held.length < gradient.limit &&
      hasRoom(call) &&
      (lane === "foreground" || background < backgroundLimit()) &&
      (held.length < gradient.limit * limits().callerShare || countOf(call.caller.id) < mayHave(call.caller.id)),
    take(call) {
      call.place = held.push(call) - 1;
      gradient.acquire();
      call.answerBytes = bytes.expected(call.name);
      bytes.hold(call.answerBytes);
      if (call.lane === "background") background += 1;
    },
    free(call) {
      const last = held.pop() as GateCall;
      if (last !== call) {
        held[call.place] = last;
        last.place = call.place;
      }
      if (call.lane === "background") background -= 1;
      const { stopped } = call;
      // A call that was cancelled, or that never began, says nothing about the server.
      if (call.beganAt < 0 || stopped?.why === "cancelled") return gradient.release();
      const tookMs = performance.now() - call.beganAt;
      paceMs = paceMs === 0 ? tookMs : paceMs + (tookMs - paceMs) * PACE_SHARE;
      if (tookMs >= limits().lagAlertMs) tookLong(call);
      gradient.release({ rttMs: tookMs, kind: call.name, dropped: stopped !== undefined });
    },
    configure() {
      const { minRunning, maxRunning } = limits();
      gradient.configure({ min: minRunning, max: maxRunning });
    },
  };
}
