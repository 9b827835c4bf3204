import type { Lane } from "../contract/tool.ts";
import type { Limits } from "./limits.ts";
import type { GateCall, Places } from "./places.ts";
import { createQueue, type Waiting } from "./queue.ts";
import type { Refusals } from "./refusals.ts";

/** The calls that wait for a place: a queue for each lane, and one timer for both. */
export interface Line {
  /** How many wait, of both lanes. */
  readonly size: number;
  sizeOf(lane: Lane): number;
  /** Whether the queue has not drained for a whole wait: newest first, and a short wait. */
  isOverloaded(at: number): boolean;
  /**
   * Waits until the call has a place.
   *
   * @throws ProtocolError 4290, at once or from the promise; the signal's reason when the client cancels
   */
  wait(call: GateCall, lane: Lane): Promise<void>;
  /** Gives the free places to the next waiting calls. */
  dispatch(): void;
  /** Sends away all background work that waits. */
  refuseBackground(): void;
}

interface Entry extends Waiting {
  readonly call: GateCall;
  readonly start: () => void;
  readonly refuse: (reason: unknown) => void;
}

/** The fewest that may wait, where the limit is high enough. */
const ROOM = 64;

/** @param queues told when a foreground call finds all places taken */
export function createLine(
  limits: () => Readonly<Limits>,
  places: Places,
  refusals: Refusals,
  queues: (at: number) => void,
): Line {
  const lanes = { foreground: createQueue<Entry>(), background: createQueue<Entry>() };
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = Number.POSITIVE_INFINITY;

  const isOverloaded = (at: number): boolean =>
    lanes.foreground.size > 0 && at - lanes.foreground.standsSince > limits().waitMs;
  const roomOf = (lane: Lane): number => {
    const { maxWaiting, waitMs, backgroundShare } = limits();
    const { limit, paceMs } = places;
    const least = Math.min(2 * limit, ROOM);
    const served = paceMs === 0 ? maxWaiting : Math.ceil((limit * waitMs) / paceMs);
    const room = Math.min(maxWaiting, Math.max(least, served));
    return lane === "foreground" ? room : Math.ceil(room * backgroundShare);
  };
  // Background work waits as long as its call lasts: no person waits for it, and its lane is short.
  const waitMsOf = (lane: Lane, at: number): number => {
    if (lane === "background") return Number.POSITIVE_INFINITY;
    return isOverloaded(at) ? limits().overloadedWaitMs : limits().waitMs;
  };

  const expire = (): void => {
    wakesAt = Number.POSITIVE_INFINITY;
    const at = performance.now();
    for (const lane of [lanes.foreground, lanes.background])
      for (const entry of lane.expire(at)) entry.refuse(refusals.make("overloaded"));
    wakeAt(Math.min(lanes.foreground.nextExpiry(), lanes.background.nextExpiry()), at);
  };
  const wakeAt = (when: number, at: number): void => {
    if (when >= wakesAt) return;
    clearTimeout(timer);
    wakesAt = when;
    timer = setTimeout(expire, Math.max(1, Math.ceil(when - at)));
  };

  return {
    get size() {
      return lanes.foreground.size + lanes.background.size;
    },
    sizeOf: (lane) => lanes[lane].size,
    isOverloaded,
    wait(call, lane) {
      const at = performance.now();
      const queue = lanes[lane];
      // Waiting background work, or a caller at its share, is no sign of strain.
      if (lane === "foreground" && places.full) queues(at);
      if (queue.size >= roomOf(lane)) {
        const evicted = queue.evict(call.caller.id);
        if (evicted === undefined) throw refusals.make("overloaded");
        evicted.refuse(refusals.make("overloaded"));
      }
      const lastsMs = waitMsOf(lane, at);
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
    },
    dispatch() {
      if (lanes.foreground.size + lanes.background.size === 0) return refusals.drained();
      const at = performance.now();
      const counts = places.counts();
      const atHand = (caller: string): number | undefined => {
        const count = counts.get(caller) ?? 0;
        return count < places.mayHave(caller) ? count : undefined;
      };
      const fits = (entry: Entry): boolean => places.hasRoom(entry.call);
      while (!places.full) {
        const mayBackground = places.background < places.backgroundLimit();
        const entry =
          (mayBackground ? lanes.background.take(false, atHand, fits) : undefined) ??
          lanes.foreground.take(isOverloaded(at), atHand, fits);
        if (entry === undefined) break;
        if (entry.expiresAt <= at) {
          entry.refuse(refusals.make("overloaded"));
          continue;
        }
        places.take(entry.call);
        counts.set(entry.caller, (counts.get(entry.caller) ?? 0) + 1);
        entry.start();
      }
    },
    refuseBackground() {
      for (const entry of lanes.background.clear()) entry.refuse(refusals.make("foreground_only"));
    },
  };
}
