/** Cancellations that are remembered whose calls may still be on their way, and calls that others have overtaken. */
const MAX_AWAITED = 64;
/** Text ids that are remembered as used, and the longest of them, in characters. */
const MAX_USED = 256;
const MAX_TEXT = 128;

/**
 * A client that gives a call up at once sends its cancellation on another connection, where it can overtake the call.
 * One session's cancellations that did, told from those that come too late: of calls that are answered.
 */
export function createOvertaken() {
  const cancelled = new Set<string | number>();
  // Clients count their requests, so a number that was skipped belongs to one that others have overtaken.
  const skipped = new Set<number>();
  let newest = 0;
  // Texts have no order. The specification has a session use each id once.
  const used = new Set<string>();
  const isAwaited = (id: unknown): id is string | number =>
    typeof id === "number" ? id > newest || skipped.has(id) : isShort(id) && !used.has(id);
  return {
    /** Notes a cancellation of something that does not run. */
    cancel(id: unknown): void {
      if (isAwaited(id)) keepNewest(cancelled, id, MAX_AWAITED);
    },
    /** Notes that a request has come. @returns whether it was cancelled before */
    arrive(id: string | number): boolean {
      if (typeof id === "number") {
        skipped.delete(id);
        for (let gap = Math.max(newest + 1, id - MAX_AWAITED); gap < id; gap += 1)
          keepNewest(skipped, gap, MAX_AWAITED);
        newest = Math.max(newest, id);
      } else if (isShort(id)) keepNewest(used, id, MAX_USED);
      return cancelled.delete(id);
    },
  };
}

const isShort = (id: unknown): id is string => typeof id === "string" && id.length <= MAX_TEXT;

function keepNewest<Id>(ids: Set<Id>, id: Id, most: number): void {
  ids.add(id);
  if (ids.size > most) ids.delete(ids.values().next().value as Id);
}
