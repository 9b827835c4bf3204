/**
 * Remembers which answers of users have been taken. In memory, and so for one process; where several serve one client,
 * a store that they share can stand in its place.
 */
export interface UsedStates {
  /** Takes a state for good. @returns false where it was taken before */
  take(id: string, expiresAt: number): boolean | Promise<boolean>;
}

/** States remembered at once. Each is a question that a user has answered within the last ten minutes. */
const MAX_STATES = 100_000;

/** @param now on the clock of `expiresAt` */
export function createUsedStates(now: () => number, maxStates = MAX_STATES): UsedStates {
  const used = new Map<string, number>();
  // What ends before this may have been forgotten while it was still good, and counts as taken.
  let forgottenUntil = 0;
  return {
    take(id, expiresAt) {
      const at = now();
      for (const [old, end] of used) {
        if (end >= at && used.size < maxStates) break;
        used.delete(old);
        if (end >= at) forgottenUntil = Math.max(forgottenUntil, end);
      }
      if (used.has(id) || expiresAt <= forgottenUntil) return false;
      used.set(id, expiresAt);
      return true;
    },
  };
}
