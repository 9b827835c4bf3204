import { ErrorCode, ProtocolError } from "../contract/errors.ts";
import type { Places } from "./places.ts";

/** Why a call was refused; `data.reason` of the answer. */
export type RefusalReason = "overloaded" | "rate_limited" | "foreground_only";

/** Makes refusals, and counts them. */
export interface Refusals {
  /** Calls refused since the start. */
  readonly counts: Readonly<Record<RefusalReason, number>>;
  /** One more. `retryAfterMs` where it is known; else about when its turn would come. */
  make(reason: RefusalReason, retryAfterMs?: number): ProtocolError;
  /** Nobody waits any more. */
  drained(): void;
}

/** When to come back: never at once, and no later than a caller that keeps to it would wait anyway, in ms. */
const RETRY_MS = { least: 100, most: 5_000, unknown: 1_000 };

const WHY: Record<RefusalReason, string> = {
  overloaded: "Overloaded: there is no room for this call now, and it was not begun.",
  rate_limited: "Too many calls in a short time; this one was not begun.",
  foreground_only: "The server is under strain and does no background work now; this call was not begun.",
};

/** @param waiting how many wait for a place */
export function createRefusals(places: Places, waiting: () => number): Refusals {
  const counts: Record<RefusalReason, number> = { overloaded: 0, rate_limited: 0, foreground_only: 0 };
  /** Refused since the queue was last empty: these callers come back, and each is given a later time. */
  let sentAway = 0;
  return {
    counts,
    make(reason, retryAfterMs) {
      counts[reason] += 1;
      const { paceMs, limit } = places;
      const turnMs = paceMs === 0 ? RETRY_MS.unknown : ((waiting() + sentAway) * paceMs) / limit;
      const inMs = Math.round(Math.min(RETRY_MS.most, Math.max(RETRY_MS.least, retryAfterMs ?? turnMs)));
      if (reason === "overloaded") sentAway += 1;
      return new ProtocolError(ErrorCode.overloaded, `${WHY[reason]} Try again in ${inMs} ms.`, {
        reason,
        retryAfterMs: inMs,
      });
    },
    drained() {
      sentAway = 0;
    },
  };
}
