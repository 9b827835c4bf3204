import type { BreakerForce, BreakerState, DependencyEvent, DependencySnapshot } from "../contract/dependency.ts";
import { createAttempts, type Work } from "./attempts.ts";
import { type BreakerOptions, createBreaker } from "./breaker.ts";
import { type Failure, Refused } from "./failure.ts";
import { createSlots, type LimitOptions } from "./limit/slots.ts";
import type { CacheOptions } from "./reads/cache.ts";
import { type Reads, readOf } from "./reads/reads.ts";
import type { RetryBudget, RetryOptions } from "./retry.ts";
import { type RunContext, type Scope, scopeOf } from "./scope.ts";
import { unavailable } from "./unavailable.ts";

/** What `dependency()` takes. Every safeguard is on with its default; `cache` is what needs a decision. */
export interface DependencyOptions {
  /** Time for one attempt, in ms. @default 5 000 */
  timeoutMs?: number | undefined;
  /** Keeps answers of calls that name a `key`. @default nothing is kept */
  cache?: CacheOptions | undefined;
  retry?: RetryOptions | undefined;
  breaker?: BreakerOptions | undefined;
  limit?: LimitOptions | undefined;
  /** What an unmarked error of an attempt means. `undefined` leaves it to the default: the codes of the network. */
  classify?: ((error: unknown) => Failure | undefined) | undefined;
  /** For tests: a number in [0, 1). Time is `performance.now` and `setTimeout`. @default `Math.random` */
  random?: (() => number) | undefined;
}

/** What one call says about itself. */
export interface RunOptions<Value> {
  /**
   * Names what is read, such as `order:17`: simultaneous reads of one key share an answer, which is kept where there is
   * a cache. Give one to reads only. The caller's id is part of it.
   */
  key?: string | undefined;
  /** Every caller gets the same answer under this `key`. @default `false` */
  shared?: boolean | undefined;
  /** For how long this answer is as good as new, in ms; 0 keeps it for failures alone. @default the cache's `ttlMs` */
  ttlMs?: number | undefined;
  /** Doing it twice is the same as doing it once, so it may be tried again. @default whether there is a `key` */
  idempotent?: boolean | undefined;
  /** What sort of call it is, from a small fixed set, so that slow calls are not compared with quick ones. */
  kind?: string | undefined;
  /** The answer when there is none and none was kept. It is marked `stale`. */
  fallback?: ((error: unknown) => Value | Promise<Value>) | undefined;
}

/** An answer, and whether it is of now. */
export interface Answer<Value> {
  /** Shared with other readers when it has a `key`: do not change it. */
  value: Value;
  /** It may be out of date: an answer that was kept beyond its TTL, or a fallback. Say so to the model. */
  stale: boolean;
  /** How old, in ms; 0 for an answer of now, `null` for a `fallback`, which has no age. */
  ageMs: number | null;
}

/** What runs against one host: the whole of a dependency, or one of several behind it. */
export interface Host {
  /** As a dependency's own `run`. */
  run<Value>(context: RunContext, options: RunOptions<Value>, attempt: Work<Value>): Promise<Answer<Value>>;
  invalidate(key: string | { prefix: string }): void;
  snapshot(): DependencySnapshot;
  force(state: BreakerForce, who: { by: string; reason?: string | undefined }): void;
}

/** What all hosts of a dependency have together. */
export interface Shared {
  budget: RetryBudget;
  reads: Reads;
  listeners: Set<(event: DependencyEvent) => void>;
  /** What an operator holds all of them at: a host that is named later is held too. */
  forced: BreakerForce;
}

/** The safeguards of one host, or of a dependency that is one. `prefix` keeps its keys apart from those of others. */
export function createSafeguards(
  name: string,
  prefix: string,
  options: DependencyOptions,
  { budget, reads, listeners, forced }: Shared,
): Host {
  const { timeoutMs = 5_000, retry = {}, classify, random = Math.random } = options;
  const counts = { calls: 0, fallbacks: 0 };
  const tell = (event: Omit<DependencyEvent, "what" | "name">): void => {
    for (const listener of listeners) listener({ what: "breaker", name, ...event });
  };
  const changed = (before: BreakerState, after: BreakerState, reason: string): void => {
    try {
      tell({ before, after, by: "server", reason });
    } catch {
      // When the audit cannot be written, people cannot change anything, but a breaker must still open.
    }
  };
  const breaker = createBreaker(name, changed, { slowMs: timeoutMs / 2, ...options.breaker }, random);
  if (forced !== "auto") breaker.force(forced);
  const limit = createSlots(name, options.limit);
  const attempts = createAttempts({ name, timeoutMs, retry, budget, breaker, limit, classify, random });

  /** What was refused here is no news: the breaker has said so. */
  const note = ({ log }: RunContext, err: unknown, message: string): void =>
    log?.[err instanceof Refused ? "debug" : "warn"]({ dependency: name, err }, message);

  /** Outside in: cache, single flight, retry; then for each attempt breaker, limit, deadline. Last, the fallback. */
  async function run<Value>(context: RunContext, call: RunOptions<Value>, work: Work<Value>): Promise<Answer<Value>> {
    const { key, idempotent = key !== undefined, kind } = call;
    if (key !== undefined && !idempotent)
      throw new TypeError(`${name}: what has a key is a read, so it is idempotent.`);
    counts.calls += 1;
    const ask = (scope: Scope) => attempts.ask(scope, { idempotent, kind }, work);
    const callerId = call.shared === true ? undefined : (context.caller?.id ?? "");
    const read = key === undefined ? undefined : readOf(prefix + key, callerId, call.ttlMs);
    const kept = read && reads.look(read);
    if (kept?.state === "fresh") return { value: kept.value as Value, stale: false, ageMs: kept.ageMs };
    if (read !== undefined && kept?.state === "aging") {
      reads.refresh(read, ask, (error) => note(context, error, "refresh failed"));
      return { value: kept.value as Value, stale: true, ageMs: kept.ageMs };
    }
    const scope = scopeOf(context);
    try {
      if (scope.signal?.aborted) throw scope.signal.reason;
      const value = await (read === undefined ? ask(scope) : reads.join(read, scope, ask));
      return { value, stale: false, ageMs: 0 };
    } catch (error) {
      if (scope.signal?.aborted) throw error;
      const failure = attempts.failureOf(error);
      if (failure?.callersFault) throw error;
      const old = read && reads.last(read);
      if (old === undefined && call.fallback === undefined)
        throw failure === undefined ? error : unavailable(name, failure, idempotent, error);
      counts.fallbacks += 1;
      note(context, error, "answered with a fallback");
      if (old !== undefined) return { value: old.value as Value, stale: true, ageMs: old.ageMs };
      return {
        value: await (call.fallback as (error: unknown) => Value | Promise<Value>)(error),
        stale: true,
        ageMs: null,
      };
    }
  }
  return {
    run,
    snapshot: () => ({
      breaker: breaker.state,
      forced: breaker.forced,
      limit: limit.limit,
      inFlight: limit.inFlight,
      waiting: limit.waiting,
      ...counts,
      ...attempts.counts,
      budget: budget.tokens,
      cache: reads.counts,
    }),
    force(next, { by, reason }) {
      const word = (forced: string) => (forced === "auto" ? "auto" : `forced ${forced}`);
      if (next === breaker.forced) return;
      tell({ before: word(breaker.forced), after: word(next), by, reason });
      breaker.force(next);
    },
    invalidate: (key) => reads.invalidate(typeof key === "string" ? prefix + key : { prefix: prefix + key.prefix }),
  };
}
