/** A call that waits for a place. */
export interface Waiting {
  readonly caller: string;
  /** When it has waited enough, on the clock of `performance.now()`. */
  readonly expiresAt: number;
}

/** The calls of one lane that wait, by caller. */
export interface FairQueue<Entry extends Waiting> {
  readonly size: number;
  /** Since when it has not been empty. */
  readonly standsSince: number;
  push(entry: Entry, now: number): void;
  /**
   * Takes out who is next: of the caller with the least work at hand, its oldest call or its newest. `atHand` says how
   * much that is, or `undefined` for a caller whose turn it cannot be; `fits` whether there is room for its call.
   */
  take(
    newest: boolean,
    atHand: (caller: string) => number | undefined,
    fits: (entry: Entry) => boolean,
  ): Entry | undefined;
  remove(entry: Entry): boolean;
  /** Takes out what has waited enough. */
  expire(now: number): Entry[];
  /** When the next one has waited enough. */
  nextExpiry(): number;
  /**
   * Takes out the oldest call of the caller with the most waiting, if that is more than `caller` would have with one more.
   */
  evict(caller: string): Entry | undefined;
  clear(): Entry[];
}

/**
 * A queue that is fair between callers: the next call is of the caller with the fewest running (max-min fairness), and
 * when there is no room, the caller with the most waiting calls loses one (as in fair queueing).
 */
export function createQueue<Entry extends Waiting>(): FairQueue<Entry> {
  const callers = new Map<string, Entry[]>();
  let size = 0;
  let standsSince = 0;
  const takeAt = (caller: string, entries: Entry[], index: number): Entry | undefined => {
    const [entry] = entries.splice(index, 1);
    if (entries.length === 0) callers.delete(caller);
    size -= 1;
    return entry;
  };
  const takeWhere = (fits: (entry: Entry) => boolean): Entry[] => {
    const taken: Entry[] = [];
    for (const [caller, entries] of callers) {
      const kept: Entry[] = [];
      for (const entry of entries) (fits(entry) ? taken : kept).push(entry);
      if (kept.length === entries.length) continue;
      if (kept.length === 0) callers.delete(caller);
      else callers.set(caller, kept);
    }
    size -= taken.length;
    return taken;
  };
  return {
    get size() {
      return size;
    },
    get standsSince() {
      return standsSince;
    },
    push(entry, now) {
      if (size === 0) standsSince = now;
      size += 1;
      const entries = callers.get(entry.caller);
      if (entries === undefined) callers.set(entry.caller, [entry]);
      else entries.push(entry);
    },
    take(newest, atHand, fits) {
      let next: [string, Entry[]] | undefined;
      let least = Number.POSITIVE_INFINITY;
      for (const pair of callers) {
        const count = atHand(pair[0]);
        if (count === undefined || count >= least || !fits(pair[1].at(newest ? -1 : 0) as Entry)) continue;
        least = count;
        next = pair;
      }
      if (next === undefined) return undefined;
      // To the end, so that callers with equally much at hand take turns.
      callers.delete(next[0]);
      callers.set(...next);
      return takeAt(...next, newest ? next[1].length - 1 : 0);
    },
    remove(entry) {
      const entries = callers.get(entry.caller);
      const index = entries?.indexOf(entry) ?? -1;
      if (entries === undefined || index === -1) return false;
      takeAt(entry.caller, entries, index);
      return true;
    },
    expire: (now) => takeWhere(({ expiresAt }) => expiresAt <= now),
    nextExpiry() {
      let next = Number.POSITIVE_INFINITY;
      for (const entries of callers.values())
        for (const { expiresAt } of entries) if (expiresAt < next) next = expiresAt;
      return next;
    },
    evict(caller) {
      const own = callers.get(caller)?.length ?? 0;
      let most: [string, Entry[]] | undefined;
      for (const pair of callers) if (pair[1].length > (most?.[1].length ?? own + 1)) most = pair;
      return most === undefined ? undefined : takeAt(...most, 0);
    },
    clear: () => takeWhere(() => true),
  };
}
