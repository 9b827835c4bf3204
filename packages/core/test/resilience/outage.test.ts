import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type DependencyOptions, dependency, statusError } from "../../src/resilience/index.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const KEYS = 500;

/** Seeded, so that the figures are the same each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** 20 s of an upstream that answers 503 to 50 calls a second, and then a minute in which it is well again. */
async function outage(options: DependencyOptions) {
  const orders = dependency("orders", { random: seeded(1), ...options });
  let down = false;
  let failures = 0;
  let opened: { failures: number; atMs: number } | undefined;
  let pauseMs = 0;
  orders.onEvent(({ after, reason }) => {
    if (after !== "open") return;
    opened ??= { failures, atMs: performance.now() };
    pauseMs = Number(/pause (\d+) ms/.exec(reason ?? "")?.[1]);
  });
  const work = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (!down) return "good";
    failures += 1;
    throw statusError(503);
  };
  const seen = { fresh: 0, stale: 0, failed: 0 };
  let recoveredAt: number | undefined;
  // Many keys: what several calls share would hide how often one of them asks.
  let calls = 0;
  const read = async () => {
    calls += 1;
    const answer = await orders.run({}, { key: `order:${calls % KEYS}` }, work).catch(() => undefined);
    seen[answer === undefined ? "failed" : answer.stale ? "stale" : "fresh"] += 1;
    if (!down && answer?.stale === false) recoveredAt ??= performance.now();
  };
  for (let key = 0; key < KEYS; key += 1) await Promise.all([read(), vi.advanceTimersByTimeAsync(20)]);
  down = true;
  const before = orders.snapshot().hits;
  const downAt = performance.now();
  Object.assign(seen, { fresh: 0, stale: 0, failed: 0 });
  const reads: Promise<void>[] = [];
  for (let call = 0; call < 1_000; call += 1) {
    reads.push(read());
    await vi.advanceTimersByTimeAsync(20);
  }
  const hits = orders.snapshot().hits - before;
  const during = { ...seen };
  down = false;
  recoveredAt = undefined;
  const wellAt = performance.now();
  for (let call = 0; call < 3_000; call += 1) {
    reads.push(read());
    await vi.advanceTimersByTimeAsync(20);
  }
  await Promise.all(reads);
  return {
    hitsPerCall: hits / 1_000,
    opened: opened && { failures: opened.failures, afterMs: opened.atMs - downAt },
    during,
    recovery: { ms: (recoveredAt ?? Number.NaN) - wellAt, pauseMs },
  };
}

const kept = { cache: { ttlMs: 1, staleMs: 600_000, revalidateMs: 0 } };
const noBreaker = { minCalls: 1e9 };

test("an outage of 20 s: the breaker opens after at most 20 failures, all are answered, and it recovers", async () => {
  const { hitsPerCall, opened, during, recovery } = await outage(kept);
  expect(hitsPerCall).toBeLessThanOrEqual(0.3);
  expect(opened?.failures).toBeLessThanOrEqual(20);
  expect(during.failed).toBe(0);
  expect(during.fresh).toBe(0);
  expect(recovery.ms).toBeLessThanOrEqual(2 * recovery.pauseMs);
});

test("without the breaker, the budget still keeps requests under 1.1 a call", async () => {
  const { hitsPerCall, opened } = await outage({ ...kept, breaker: noBreaker, limit: { initial: 64, min: 64 } });
  expect(opened).toBeUndefined();
  expect(hitsPerCall).toBeLessThanOrEqual(1.1);
});

test("with neither, each call asks three times: what the safeguards are for", async () => {
  const { hitsPerCall } = await outage({
    ...kept,
    breaker: noBreaker,
    limit: { initial: 64, min: 64, maxWaiting: 1e6, maxWaitMs: 60_000 },
    retry: { budget: 1e9 },
  });
  expect(hitsPerCall).toBeGreaterThanOrEqual(2.7);
});
