import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { dependency } from "../../src/resilience/index.ts";
import { type Manner, manners, openUpstream } from "./upstream.ts";

let upstream: Awaited<ReturnType<typeof openUpstream>>;
beforeEach(async () => {
  upstream = await openUpstream();
});
afterEach(() => upstream.close());

type Work = Parameters<ReturnType<typeof dependency>["run"]>[2];
const get: Work = ({ signal }) => upstream.get(signal);
const quick = { baseMs: 5, throttledBaseMs: 10 };
const outcomeOf = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value, error: undefined }),
    (error) => ({ value: undefined, error }),
  );

test.each([
  ["hang", 3, "dependency_unavailable"],
  ["drip", 3, "dependency_unavailable"],
  ["reset", 3, "dependency_unavailable"],
  ["short", 3, "dependency_unavailable"],
  ["down", 3, "dependency_unavailable"],
  ["broken", 3, "dependency_unavailable"],
  ["missing", 1, undefined],
] as const)("an upstream of the manner %s is asked %i times", async (manner, asked, code) => {
  upstream.manner = manners[manner];
  const silent = manner === "hang" || manner === "drip";
  const orders = dependency("orders", { timeoutMs: silent ? 1_000 : 5_000, retry: quick });
  const { error } = await outcomeOf(orders.run({}, { key: "order:1" }, get));
  expect(upstream.hits).toBe(asked);
  expect(error.code).toBe(code);
  expect(orders.snapshot()).toMatchObject({ hits: asked, inFlight: 0, waiting: 0 });
});

test.each(["hang", "drip"] as const)("what hangs (%s) is hung up on at the call's deadline", async (manner) => {
  upstream.manner = manners[manner];
  const orders = dependency("orders", { timeoutMs: 60_000 });
  const endsAt = performance.now() + 300;
  const deadline = { remainingMs: () => Math.max(0, endsAt - performance.now()) };
  const run = outcomeOf(orders.run({ deadline }, { key: "k" }, get));
  // A tolerance of 20 %. Timers that were set one after the other end in their order, however busy the machine is.
  const late = new Promise((resolve) => setTimeout(resolve, 360, "late"));
  expect(await Promise.race([run, late])).toMatchObject({ error: { code: "dependency_unavailable" } });
  expect(performance.now()).toBeGreaterThan(endsAt - 60);
  await vi.waitFor(() => expect(upstream.hungUp).toBe(1));
});

test.each([manners.hang, manners.reset, manners.short, manners.broken])(
  "a change that was cut off is not sent again",
  async (manner) => {
    upstream.manner = manner;
    const orders = dependency("orders", { timeoutMs: 100, retry: quick });
    const { error } = await outcomeOf(orders.run({}, { idempotent: false }, get));
    // On a busy machine its 100 ms may pass on the way there.
    expect(upstream.hits).toBeLessThanOrEqual(1);
    expect(error).toMatchObject({ code: "outcome_unknown", data: { outcome: "unknown" } });
  },
);

test("a dependency that answers with a status is not called silent, and programs read the status", async () => {
  const orders = dependency("orders", { retry: { attempts: 1 } });
  upstream.manner = manners.broken;
  const read = await outcomeOf(orders.run({}, { key: "k" }, get));
  expect(read.error).toMatchObject({
    message: "orders answered with status 500. Try again in 1 s.",
    data: { dependency: "orders", status: 500 },
  });
  const change = await outcomeOf(orders.run({}, {}, get));
  expect(change.error).toMatchObject({
    message: "orders answered with status 500, so this may be done or not. Look before you call again.",
    data: { dependency: "orders", status: 500, outcome: "unknown" },
  });
  upstream.manner = manners.down;
  const refused = await outcomeOf(orders.run({}, {}, get));
  expect(refused.error.message).toBe("orders answered with status 503. Nothing was done. Try again in 1 s.");
});

test("a connection that is refused is known not to have done anything", async () => {
  const { get: gone, close } = await openUpstream();
  await close();
  const { error } = await outcomeOf(dependency("orders").run({}, {}, ({ signal }) => gone(signal)));
  expect(error.message).toBe("orders is not answering. Nothing was done. Try again in 1 s.");
});

describe("on a virtual clock", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([
    ["-1", 500],
    ["nonsense", 500],
    ["1e9", 500],
    ["0", 500],
    ["3", 3_000],
    ["3600", 5_500],
    ["1000000000", 5_500],
    ["in 4 s", 4_000],
    ["an hour ago", 500],
  ])("Retry-After: %s waits %i ms", async (header, waits) => {
    const date = (ms: number) => new Date(Math.ceil(Date.now() / 1_000) * 1_000 + ms).toUTCString();
    vi.setSystemTime(1_000_000_000_000);
    const value = header === "in 4 s" ? date(4_000) : header === "an hour ago" ? date(-3_600_000) : header;
    upstream.manner = (response) => response.writeHead(503, { "retry-after": value }).end();
    const orders = dependency("orders", { random: () => 0.5, retry: { attempts: 2 }, timeoutMs: 60_000 });
    const asked: number[] = [];
    const run = outcomeOf(
      orders.run({}, { key: "k" }, (attempt) => {
        asked.push(performance.now());
        return get(attempt);
      }),
    );
    // The answer comes through real sockets while virtual time stands still, which it would not for vi.waitUntil.
    const failed = async (times: number) => {
      while (orders.snapshot().failures < times || orders.snapshot().inFlight > 0)
        await new Promise((resolve) => setImmediate(resolve));
    };
    await failed(1);
    await vi.advanceTimersByTimeAsync(20_000);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeCloseTo(waits, 0);
    await failed(2);
    expect((await run).error.code).toBe("dependency_unavailable");
  });
});

/** Calls in small groups, one after the other. */
async function storm(calls: number, run: (call: number) => Promise<unknown>): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  for (let call = 0; call < calls; call += 5)
    outcomes.push(...(await Promise.allSettled([0, 1, 2, 3, 4].map((more) => run(call + more)))));
  return outcomes;
}

test("a storm of 503 meets a breaker after at most 20, readers get the last good answer, and it recovers", async () => {
  const openMs = 200;
  const orders = dependency("orders", {
    cache: { ttlMs: 1, staleMs: 600_000, revalidateMs: 0 },
    retry: quick,
    breaker: { openMs },
  });
  const events: { after: string; at: number }[] = [];
  orders.onEvent(({ after }) => events.push({ after, at: upstream.hits }));
  const keys = ["a", "b", "c", "d", "e"];
  const read = (call: number) => orders.run({}, { key: keys[call % 5] as string }, get);
  await storm(5, read);
  await new Promise((resolve) => setTimeout(resolve, 5));
  upstream.manner = manners.down;
  upstream.hits = 0;
  const outcomes = await storm(1_000, read);
  expect(events[0]?.after).toBe("open");
  expect(events[0]?.at).toBeLessThanOrEqual(20);
  expect(upstream.hits / 1_000).toBeLessThanOrEqual(0.3);
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ status: "fulfilled", value: { value: { price: 7 }, stale: true } });
  upstream.manner = manners.well;
  const probes = orders.snapshot().hits;
  await vi.waitUntil(async () => !((await read(0)) as { stale: boolean }).stale, { timeout: 10_000, interval: 10 });
  // One probe asked, and it was the answer.
  expect(orders.snapshot()).toMatchObject({ breaker: "closed", hits: probes + 1 });
});

test.each([
  ["with neither budget nor breaker, each call hits the upstream three times", { budget: 1e9 }, 3, 3],
  ["the budget alone keeps amplification under 1.1", {}, 1, 1.1],
] as const)("%s", async (_title, retry, least, most) => {
  upstream.manner = manners.down as Manner;
  const orders = dependency("orders", { retry: { ...quick, ...retry }, breaker: { minCalls: 1e9 } });
  await storm(300, () => orders.run({}, { idempotent: true }, get));
  expect(upstream.hits / 300).toBeGreaterThanOrEqual(least);
  expect(upstream.hits / 300).toBeLessThanOrEqual(most);
});

test("three thousand in a second meet an upstream with eight places, and never take more than three times as many", async () => {
  vi.useFakeTimers();
  let inside = 0;
  let most = 0;
  let hits = 0;
  const waiting: (() => void)[] = [];
  // Eight are served at a time; the rest waits inside of the upstream.
  const serve = (answer: (price: number) => void): void => {
    setTimeout(() => {
      answer(7);
      inside -= 1;
      waiting.shift()?.();
    }, 5);
  };
  const ask = (): Promise<number> =>
    new Promise((answer) => {
      hits += 1;
      inside += 1;
      most = Math.max(most, inside);
      if (inside <= 8) serve(answer);
      else waiting.push(() => serve(answer));
    });
  const orders = dependency("orders");
  const calls: Promise<unknown>[] = [];
  for (let call = 0; call < 3_000; call += 1) {
    calls.push(outcomeOf(orders.run({}, { idempotent: true }, ask)));
    if (call % 3 === 0) await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(5_000);
  const outcomes = (await Promise.all(calls)) as Awaited<ReturnType<typeof outcomeOf>>[];
  vi.useRealTimers();
  expect(most).toBeGreaterThan(8);
  expect(most).toBeLessThanOrEqual(24);
  expect(hits).toBe(outcomes.filter(({ error }) => error === undefined).length);
  expect(orders.snapshot()).toMatchObject({ inFlight: 0, waiting: 0, failures: 0, refused: 3_000 - hits });
});
