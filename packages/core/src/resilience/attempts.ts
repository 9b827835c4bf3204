import { isProtocolError, isToolError } from "../contract/errors.ts";
import { type Attempt, runAttempt } from "./attempt.ts";
import type { Breaker, Evidence, Shot } from "./breaker.ts";
import { type Failure, failureOf, isDependencyError, Refused, transient } from "./failure.ts";
import type { Sample } from "./limit/gradient.ts";
import type { Slots } from "./limit/slots.ts";
import { pause, type RetryBudget, type RetryOptions, retryDelay } from "./retry.ts";
import type { Scope } from "./scope.ts";

/** The work of a handler's `run`. */
export type Work<Value> = (attempt: Attempt) => Promise<Value> | Value;

interface AttemptsOptions {
  name: string;
  timeoutMs: number;
  retry: RetryOptions;
  budget: RetryBudget;
  breaker: Breaker;
  limit: Slots;
  classify: ((error: unknown) => Failure | undefined) | undefined;
  random: () => number;
}

/** The safeguards of asking, as opposed to those of answering from what is kept. */
export interface Attempts {
  readonly counts: { hits: number; retries: number; failures: number; refused: number };
  /** What an error of an attempt means; `undefined` when nobody said. */
  failureOf(error: unknown): Failure | undefined;
  /** @throws what the last attempt threw, or the signal's reason */
  ask<Value>(scope: Scope, call: { idempotent: boolean; kind?: string | undefined }, work: Work<Value>): Promise<Value>;
}

/**
 * Retry around breaker, limit and deadline. Retries stand outside of the breaker: it sees every attempt, so it opens
 * after ten failed ones whatever the number of calls, and an open breaker ends the retries. Nothing holds a place in
 * the limit while it waits to try again.
 */
export function createAttempts({
  name,
  timeoutMs,
  retry,
  budget,
  breaker,
  limit,
  classify,
  random,
}: AttemptsOptions): Attempts {
  const { attempts = 3 } = retry;
  const counts = { hits: 0, retries: 0, failures: 0, refused: 0 };

  function meaningOf(error: unknown): Failure | undefined {
    // A handler's `fail(…)` inside of an attempt: the dependency answered.
    if (isToolError(error) || isProtocolError(error)) return { callersFault: true };
    // A DependencyError is classified already, as is a refusal of the limit; `classify` is for the rest.
    if (isDependencyError(error)) return error.failure;
    return classify?.(error) ?? failureOf(error);
  }

  /** Another attempt may have opened the breaker while this one waited for its place, which goes to the next then. */
  const enter = (): Shot | undefined => {
    try {
      return breaker.enter();
    } catch (refused) {
      limit.leave();
      throw refused;
    }
  };

  async function once<Value>(scope: Scope, attempt: number, kind: string | undefined, work: Work<Value>) {
    const { signal } = scope;
    breaker.check();
    const entered = limit.enter(scope);
    if (entered !== undefined) await entered;
    const startedAt = performance.now();
    const shot = enter();
    let sample: Sample | undefined;
    let evidence: Evidence = "well";
    try {
      counts.hits += 1;
      if (attempt > 1) counts.retries += 1;
      const ms = Math.min(timeoutMs, scope.remainingMs());
      const value = await runAttempt(name, work, { signal, attempt, timeoutMs: ms });
      sample = { rttMs: performance.now() - startedAt, dropped: false, kind };
      return value;
    } catch (error) {
      const failure = signal?.aborted ? undefined : meaningOf(error);
      const isWell = failure?.callersFault === true;
      evidence = signal?.aborted ? "unsaid" : isWell ? "well" : "failed";
      if (evidence === "failed") counts.failures += 1;
      // A refused connection took no time; only attempts that waited say that there is too much load.
      const dropped = !isWell && (failure?.timedOut === true || failure?.throttled === true);
      if (isWell || dropped) sample = { rttMs: performance.now() - startedAt, dropped, kind };
      throw error;
    } finally {
      breaker.leave(shot, evidence);
      limit.leave(sample);
    }
  }

  return {
    counts,
    failureOf: meaningOf,
    async ask(scope, { idempotent, kind }, work) {
      let taken = 0;
      for (let attempt = 1; ; attempt += 1) {
        try {
          if (scope.remainingMs() <= 0) throw outOfTime(name);
          const value = await once(scope, attempt, kind, work);
          budget.refund(taken);
          return value;
        } catch (error) {
          if (scope.signal?.aborted) throw scope.signal.reason;
          if (error instanceof Refused) counts.refused += 1;
          const failure = meaningOf(error);
          const again = idempotent && failure?.retryable === true && attempt < attempts && breaker.state === "closed";
          if (!again) throw error;
          const delayMs = retryDelay(attempt, failure, retry, random());
          if (delayMs >= scope.remainingMs()) throw error;
          taken = budget.take(failure.throttled === true);
          if (taken === 0) throw error;
          await pause(delayMs, scope.signal);
        }
      }
    },
  };
}

const outOfTime = (name: string) =>
  transient(new Error(`No time was left to ask ${name}.`), { timedOut: true, outcome: "failed" });
