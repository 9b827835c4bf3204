/** Counts of a few kinds of event over sliding windows of whole minutes. */
export interface Windows<Kind extends string> {
  /** Counts one event. `at` is in ms of any clock that never goes back. */
  count(kind: Kind, at: number): void;
  /** Moves on to a time without an event. @returns whether a new minute has begun */
  advance(at: number): boolean;
  /** Events of the last `minutes`, the minute that runs included. */
  sum(kind: Kind, minutes: number): number;
}

/**
 * A ring of running totals, one for the end of each minute: a sum is then one subtraction, whatever the window, and
 * memory is 8 bytes × `minutes` × kinds however many events there are. The rings come into being with the first event.
 */
export function createWindows<Kind extends string>(kinds: readonly Kind[], minutes: number): Windows<Kind> {
  const slots = minutes + 1;
  const running = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
  let ends: Record<Kind, Float64Array> | undefined;
  // Starts past the oldest minute that anyone asks for, so that a slot's number is never negative.
  let minute = slots;
  let first = 0;
  const advance = (at: number): boolean => {
    if (ends === undefined) {
      ends = Object.fromEntries(kinds.map((kind) => [kind, new Float64Array(slots)])) as Record<Kind, Float64Array>;
      first = Math.floor(at / 60_000) - minute;
      return true;
    }
    const now = Math.floor(at / 60_000) - first;
    if (now <= minute) return false;
    for (const kind of kinds) {
      // After a longer silence every slot holds the same total, and once round the ring says so.
      for (let passed = Math.max(minute, now - slots); passed < now; passed += 1)
        ends[kind][passed % slots] = running[kind];
    }
    minute = now;
    return true;
  };
  return {
    advance,
    count(kind, at) {
      advance(at);
      running[kind] += 1;
    },
    sum: (kind, window) => running[kind] - (ends === undefined ? 0 : (ends[kind][(minute - window) % slots] as number)),
  };
}
