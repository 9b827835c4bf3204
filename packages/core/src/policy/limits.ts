import { createRate } from "../admission/rate.ts";
import { ErrorCode, ProtocolError } from "../contract/errors.ts";
import type { PolicyRule } from "../contract/policy.ts";

/** Callers whose rate is remembered under one rule. */
const MAX_CALLERS = 10_000;
/** When a caller may come back whose calls all run: nobody knows how long they take. */
const BUSY_RETRY_MS = 1_000;

/**
 * The limits of one rule, counted for each caller.
 *
 * @returns what takes a place and says how to give it back, or `undefined` for a rule without limits
 */
export function createRuleLimits({
  name,
  callsPerSecond,
  atOnce,
}: PolicyRule): ((caller: string) => () => void) | undefined {
  if (callsPerSecond === undefined && atOnce === undefined) return undefined;
  // A second's worth may come at once, and at least one.
  const burst = Math.max(1, Math.floor(callsPerSecond ?? 1));
  const rate = createRate(() => ({ burst, maxCallers: MAX_CALLERS }));
  const running = new Map<string, number>();
  const refuse = (what: string, retryAfterMs: number): never => {
    throw new ProtocolError(
      ErrorCode.overloaded,
      `The rule ${JSON.stringify(name)} allows ${what}; this call was not begun. Try again in ${retryAfterMs} ms.`,
      { reason: "rate_limited", retryAfterMs },
    );
  };
  return (caller) => {
    const mine = running.get(caller) ?? 0;
    if (atOnce !== undefined && mine >= atOnce) refuse(`${atOnce} of your calls at once`, BUSY_RETRY_MS);
    const waitMs = callsPerSecond === undefined ? 0 : rate.take(caller, callsPerSecond, performance.now());
    if (waitMs > 0) refuse(`${callsPerSecond} of your calls per second`, waitMs);
    running.set(caller, mine + 1);
    return () => {
      const left = (running.get(caller) as number) - 1;
      if (left === 0) running.delete(caller);
      else running.set(caller, left);
    };
  };
}
