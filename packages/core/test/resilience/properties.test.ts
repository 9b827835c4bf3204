import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type DependencyOptions, dependency, statusError, transient } from "../../src/resilience/index.ts";
import { createRetryBudget, retryDelay } from "../../src/resilience/retry.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What an attempt does: how long it takes, and how it ends. */
const behaviour = fc.record({
  ms: fc.integer({ min: 0, max: 3_000 }),
  ends: fc.constantFrom("well", "down", "throttled", "missing", "bug", "hangs"),
});
type Behaviour = { ms: number; ends: string };

/** One call: when, by whom, for what, how long it has, and what its attempts meet. */
const call = fc.record({
  atMs: fc.integer({ min: 0, max: 20_000 }),
  key: fc.option(fc.constantFrom("a", "b"), { nil: undefined }),
  caller: fc.constantFrom("ada", "bob"),
  idempotent: fc.boolean(),
  timeMs: fc.integer({ min: 1, max: 10_000 }),
  leavesMs: fc.option(fc.integer({ min: 1, max: 5_000 }), { nil: undefined }),
  attempts: fc.array(behaviour, { minLength: 3, maxLength: 3 }),
});

const options = fc.record({
  attempts: fc.integer({ min: 1, max: 4 }),
  budget: fc.integer({ min: 0, max: 100 }),
  cached: fc.boolean(),
});
const CACHE = { ttlMs: 2_000, staleMs: 5_000 };

async function meet({ ms, ends }: Behaviour): Promise<number> {
  if (ends === "hangs") return new Promise<never>(() => {});
  await new Promise((resolve) => setTimeout(resolve, ms));
  if (ends === "down") throw transient(new Error("down"));
  if (ends === "throttled") throw statusError(503, "2");
  if (ends === "missing") throw statusError(404);
  if (ends === "bug") throw new TypeError("bug");
  // The answer is when it was true.
  return performance.now();
}

test("whatever the dependency and its callers do, the promises of run hold", async () => {
  await fc.assert(
    fc.asyncProperty(options, fc.array(call, { minLength: 1, maxLength: 25 }), async (how, calls) => {
      const made: DependencyOptions = {
        timeoutMs: 1_500,
        retry: { attempts: how.attempts, budget: how.budget },
        ...(how.cached ? { cache: CACHE } : {}),
      };
      const orders = dependency("orders", made);
      const running = new Map<string, number>();
      const problems: string[] = [];
      const runs = calls.map(async ({ atMs, key, caller, idempotent, timeMs, leavesMs, attempts }) => {
        await new Promise((resolve) => setTimeout(resolve, atMs));
        const controller = new AbortController();
        if (leavesMs !== undefined) setTimeout(() => controller.abort(new Error("left")), leavesMs);
        const endsAt = performance.now() + timeMs;
        const deadline = { remainingMs: () => Math.max(0, endsAt - performance.now()) };
        let asked = 0;
        const run = orders.run(
          { signal: controller.signal, deadline, caller: { id: caller } },
          { ...(key === undefined ? { idempotent } : { key }) },
          async ({ attempt, signal }) => {
            asked += 1;
            if (attempt !== asked) problems.push("attempts are numbered from 1");
            if (orders.snapshot().budget < 0) problems.push("the budget is negative");
            const id = `${caller} ${key}`;
            if (key !== undefined && (running.get(id) ?? 0) > 0) problems.push("two runs of one key at once");
            running.set(id, (running.get(id) ?? 0) + 1);
            // A run is over when its signal says so, even if the work does not heed it.
            const over = new Promise<never>((_resolve, reject) =>
              signal.addEventListener("abort", () => reject(signal.reason)),
            );
            try {
              return await Promise.race([meet(attempts[attempt - 1] ?? { ms: 0, ends: "well" }), over]);
            } finally {
              running.set(id, (running.get(id) ?? 0) - 1);
            }
          },
        );
        const answer = await run.then(
          (value) => value,
          () => undefined,
        );
        if (answer?.stale === false && key !== undefined) {
          const age = performance.now() - answer.value;
          if (age >= (how.cached ? CACHE.ttlMs : 1)) problems.push(`an answer of ${age} ms ago is not marked`);
        }
        if (answer?.stale === true && (answer.ageMs ?? 0) > CACHE.ttlMs + CACHE.staleMs) problems.push("too old");
        if (asked > how.attempts) problems.push(`${asked} attempts`);
        if (!idempotent && key === undefined && asked > 1) problems.push("tried again, though not idempotent");
        if (performance.now() > endsAt) problems.push(`answered ${performance.now() - endsAt} ms past the deadline`);
        if (leavesMs !== undefined && performance.now() > endsAt - timeMs + leavesMs)
          problems.push("went on after its caller left");
      });
      const done = Promise.all(runs);
      await vi.advanceTimersByTimeAsync(60_000);
      await done;
      expect(problems).toEqual([]);
      const { calls: counted, hits, retries, inFlight, waiting } = orders.snapshot();
      expect(counted).toBe(calls.length);
      expect(hits).toBeLessThanOrEqual(calls.length * how.attempts);
      expect(hits - retries).toBeLessThanOrEqual(calls.length);
      // 5 is the least that a retry costs, and an answer gives back what its retry took or 1.
      expect(retries * 5).toBeLessThanOrEqual(how.budget + calls.length * 14);
      expect({ inFlight, waiting }).toEqual({ inFlight: 0, waiting: 0 });
    }),
    { numRuns: 200 },
  );
});

test("a pause is between 0 and its bound, and a hint adds at most 5 s to it", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.boolean(),
      fc.option(fc.oneof(fc.integer(), fc.double()), { nil: undefined }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, throttled, retryAfterMs, random) => {
        const computed = retryDelay(failures, { throttled }, {}, random);
        expect(computed).toBeGreaterThanOrEqual(0);
        expect(computed).toBeLessThanOrEqual(Math.min(5_000, (throttled ? 1_000 : 50) * 2 ** (failures - 1)));
        const hinted = retryDelay(failures, { throttled, retryAfterMs }, {}, random);
        expect(hinted).toBeGreaterThanOrEqual(computed);
        expect(hinted).toBeLessThanOrEqual(computed + 5_000);
      },
    ),
  );
});

test("the budget stays between nothing and its capacity", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("retry", "throttled", "success")), (steps) => {
      const budget = createRetryBudget(100);
      let taken = 0;
      for (const step of steps) {
        if (step === "success") budget.refund(taken);
        taken = step === "success" ? 0 : budget.take(step === "throttled");
        expect(budget.tokens).toBeGreaterThanOrEqual(0);
        expect(budget.tokens).toBeLessThanOrEqual(100);
      }
    }),
  );
});
