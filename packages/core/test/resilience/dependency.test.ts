import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isToolError, ToolError } from "../../src/index.ts";
import { dependency, isDependencyError, type RunContext, statusError, transient } from "../../src/resilience/index.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => {});
const down = () => Promise.reject(transient(new Error("down")));
/** A call with so much time, and its controller. */
function callOf(ms: number, id = "ada") {
  const controller = new AbortController();
  const endsAt = performance.now() + ms;
  const deadline = { remainingMs: () => Math.max(0, endsAt - performance.now()) };
  return { controller, context: { signal: controller.signal, deadline, caller: { id } } satisfies RunContext };
}
/** Lets virtual time pass until the promise is settled. */
async function settled<Value>(promise: Promise<Value>): Promise<{ value?: Value; error?: unknown; ms: number }> {
  const began = performance.now();
  const outcome = promise.then(
    (value) => ({ value, ms: performance.now() - began }),
    (error: unknown) => ({ error, ms: performance.now() - began }),
  );
  for (;;) {
    const first = await Promise.race([outcome, vi.advanceTimersByTimeAsync(10).then(() => undefined)]);
    if (first !== undefined) return first;
  }
}
const noBreaker = { minCalls: 1e9 };

describe("an attempt", () => {
  test("gets the dependency's time, or what is left of the call's if that is less", async () => {
    const orders = dependency("orders", { timeoutMs: 5_000 });
    const given: number[] = [];
    const note = ({ timeoutMs }: { timeoutMs: number }) => given.push(timeoutMs);
    await orders.run({}, {}, note);
    await orders.run(callOf(60_000).context, {}, note);
    await orders.run(callOf(1_000).context, {}, note);
    expect(given).toEqual([5_000, 5_000, 950]);
  });

  test("is cut off when its time is over, and its signal says so", async () => {
    const orders = dependency("orders", { timeoutMs: 300, retry: { attempts: 1 } });
    let heard: AbortSignal | undefined;
    const { error, ms } = await settled(
      orders.run({}, { idempotent: true }, ({ signal }) => {
        heard = signal;
        return never();
      }),
    );
    expect(isToolError(error) && error.code).toBe("dependency_unavailable");
    expect(ms).toBeLessThanOrEqual(310);
    expect(heard?.aborted).toBe(true);
  });

  test.each(["before", "after"])(
    "has a stop that says what its signal says, which is asked for %s it ends",
    async (when) => {
      const orders = dependency("orders", { timeoutMs: 300 });
      const { controller, context } = callOf(60_000);
      const left = new Error("left");
      const seen: unknown[] = [];
      const { error } = await settled(
        orders.run(context, { key: "o1" }, (attempt) => {
          if (when === "before") attempt.signal.addEventListener("abort", () => seen.push(attempt.signal.reason));
          attempt.stop.addEventListener("abort", () => seen.push(attempt.stop.reason, attempt.signal.reason));
          const unheard = () => seen.push("unheard");
          attempt.stop.addEventListener("abort", unheard);
          attempt.stop.removeEventListener("abort", unheard);
          controller.abort(left);
          return never();
        }),
      );
      expect(error).toBe(left);
      expect(seen).toEqual(when === "before" ? [left, left, left] : [left, left]);
    },
  );

  test("that throws at once is like one that rejects", async () => {
    const orders = dependency("orders", { retry: { attempts: 1 } });
    const bug = new TypeError("a bug");
    const { error } = await settled(
      orders.run({}, {}, () => {
        throw bug;
      }),
    );
    expect(error).toBe(bug);
    expect(orders.snapshot()).toMatchObject({ inFlight: 0, hits: 1, failures: 1 });
  });
});

describe("retries", () => {
  test("happen for what may pass, up to three attempts", async () => {
    const orders = dependency("orders");
    const attempts: number[] = [];
    const { error } = await settled(
      orders.run({}, { idempotent: true }, ({ attempt }) => {
        attempts.push(attempt);
        return down();
      }),
    );
    expect(attempts).toEqual([1, 2, 3]);
    expect(error).toMatchObject({
      message: "orders is not answering. Try again in 1 s.",
      code: "dependency_unavailable",
      retryAfterMs: 1_000,
      data: { dependency: "orders" },
    });
    expect((error as Error).cause).toMatchObject({ message: "down" });
  });

  test("never happen for a call that is not idempotent; cut off after it was sent, its outcome is unknown", async () => {
    const orders = dependency("orders", { timeoutMs: 200 });
    const hang = vi.fn(never);
    const { error } = await settled(orders.run({}, {}, hang));
    expect(hang).toHaveBeenCalledTimes(1);
    expect(error).toMatchObject({ code: "outcome_unknown", data: { dependency: "orders", outcome: "unknown" } });
    expect((error as Error).message).toBe(
      "orders was asked and gave no answer, so this may be done or not. Look before you call again.",
    );
    const refused = await settled(
      orders.run({}, {}, () => Promise.reject(Object.assign(new Error("no"), { code: "ECONNREFUSED" }))),
    );
    expect((refused.error as Error).message).toBe("orders is not answering. Nothing was done. Try again in 1 s.");
  });

  test("do not happen for what the caller did wrong, which arrives as it was thrown and counts for nothing", async () => {
    const orders = dependency("orders");
    const missing = statusError(404);
    const failed = new ToolError("No such order.");
    for (const thrown of [missing, failed]) {
      const work = vi.fn(() => Promise.reject(thrown));
      const { error } = await settled(orders.run({}, { key: "order:1", fallback: () => "made up" }, work));
      expect(error).toBe(thrown);
      expect(work).toHaveBeenCalledTimes(1);
    }
    expect(orders.snapshot()).toMatchObject({ failures: 0, retries: 0, fallbacks: 0 });
  });

  test("heed what `classify` says of errors that are not marked, and not of those that are", async () => {
    const orders = dependency("orders", {
      classify: (error) => (error instanceof RangeError ? undefined : { retryable: true }),
      limit: { initial: 1, min: 1, maxWaiting: 0 },
    });
    const bug = new RangeError("a bug");
    for (const [thrown, asked] of [
      [new Error("odd"), 3],
      [bug, 1],
      [statusError(404), 1],
    ] as const) {
      const work = vi.fn(() => Promise.reject(thrown));
      await settled(orders.run({}, { idempotent: true }, work));
      expect(work).toHaveBeenCalledTimes(asked);
    }
    const first = orders.run({}, { idempotent: true }, never).catch(() => "cut");
    await settled(orders.run({}, { idempotent: true }, never));
    expect(orders.snapshot().refused).toBe(1);
    await vi.advanceTimersByTimeAsync(60_000);
    await first;
  });

  test("stop when the caller leaves during the pause", async () => {
    const orders = dependency("orders", { retry: { baseMs: 4_000 }, random: () => 0.9 });
    const { context, controller } = callOf(60_000);
    const work = vi.fn(down);
    const run = orders.run(context, { idempotent: true }, work);
    const outcome = run.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1_000);
    controller.abort(new Error("left"));
    expect(await outcome).toMatchObject({ message: "left" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(work).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("stop where the pause would outlast the call", async () => {
    const orders = dependency("orders", { random: () => 0.999 });
    const work = vi.fn(() => Promise.reject(statusError(503, "3600")));
    const { ms } = await settled(orders.run(callOf(4_000).context, { idempotent: true }, work));
    expect(work).toHaveBeenCalledTimes(1);
    expect(ms).toBeLessThanOrEqual(10);
  });

  test("end when the breaker opens, and take nothing more out of the budget", async () => {
    const orders = dependency("orders", { breaker: { minCalls: 2 }, retry: { attempts: 10, baseMs: 1 } });
    const { ms } = await settled(orders.run({}, { idempotent: true }, down));
    expect(orders.snapshot()).toMatchObject({ breaker: "open", hits: 2, refused: 0, budget: 100 - 14 });
    expect(ms).toBeLessThanOrEqual(10);
  });

  test("end with the budget: 7 of the first kind, 20 after being throttled", async () => {
    for (const [error, retries] of [
      [transient(new Error("down")), 7],
      [statusError(503), 20],
    ] as const) {
      const orders = dependency("orders", { breaker: noBreaker });
      for (let call = 0; call < 100; call += 1)
        await settled(orders.run({}, { idempotent: true }, () => Promise.reject(error)));
      expect(orders.snapshot()).toMatchObject({ calls: 100, retries, hits: 100 + retries });
    }
  });
});

describe("the breaker", () => {
  const options = { random: () => 0.5, retry: { attempts: 1 } };
  const ask = (orders: ReturnType<typeof dependency>, work: () => Promise<unknown>) =>
    settled(orders.run({}, { idempotent: true }, work));

  test("opens at half of at least ten, refuses without asking, and lets one probe through", async () => {
    const orders = dependency("orders", options);
    const events: unknown[] = [];
    orders.onEvent(({ before, after, by }) => events.push(`${before} -> ${after} by ${by}`));
    for (let call = 0; call < 5; call += 1) await ask(orders, async () => "well");
    for (let call = 0; call < 5; call += 1) {
      expect(orders.snapshot().breaker).toBe("closed");
      await ask(orders, down);
    }
    expect(orders.snapshot()).toMatchObject({ breaker: "open", hits: 10 });
    const { error } = await ask(orders, async () => "well");
    expect(error).toMatchObject({ code: "dependency_not_asked", retryAfterMs: 5_000 });
    expect(orders.snapshot()).toMatchObject({ hits: 10, refused: 1 });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(orders.snapshot().breaker).toBe("half-open");
    let answer = (_value: string): void => {};
    const probe = orders.run({}, { idempotent: true }, () => new Promise<string>((resolve) => (answer = resolve)));
    await vi.advanceTimersByTimeAsync(1);
    expect((await ask(orders, async () => "second")).error).toMatchObject({ code: "dependency_not_asked" });
    answer("well");
    expect((await probe).value).toBe("well");
    expect(orders.snapshot().breaker).toBe("closed");
    expect(events).toEqual([
      "closed -> open by server",
      "open -> half-open by server",
      "half-open -> closed by server",
    ]);
    await ask(orders, down);
    expect(orders.snapshot().breaker).toBe("closed");
  });

  test("sees the end of a good time at once: ten failures in a row are enough", async () => {
    const orders = dependency("orders", options);
    for (let call = 0; call < 500; call += 1) await ask(orders, async () => "well");
    for (let call = 0; call < 9; call += 1) await ask(orders, down);
    await ask(orders, async () => "well");
    for (let call = 0; call < 9; call += 1) await ask(orders, down);
    expect(orders.snapshot().breaker).toBe("closed");
    await ask(orders, down);
    expect(orders.snapshot().breaker).toBe("open");
  });

  test("stays open 5 s longer each time in a row, 60 s at most", async () => {
    const orders = dependency("orders", options);
    for (let call = 0; call < 10; call += 1) await ask(orders, down);
    const pauses: number[] = [];
    for (let probe = 0; probe < 14; probe += 1) {
      const since = performance.now();
      while (orders.snapshot().breaker === "open") await vi.advanceTimersByTimeAsync(100);
      pauses.push(Math.round((performance.now() - since) / 1_000));
      await ask(orders, down);
    }
    expect(pauses).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 60, 60]);
  });

  test("opens when six in ten are slow, though none fails", async () => {
    const orders = dependency("orders", { ...options, breaker: { slowMs: 500 } });
    const slow = (ms: number) => () => new Promise((resolve) => setTimeout(resolve, ms, "well"));
    for (let call = 0; call < 4; call += 1) await ask(orders, slow(100));
    for (let call = 0; call < 5; call += 1) await ask(orders, slow(600));
    expect(orders.snapshot().breaker).toBe("closed");
    await ask(orders, slow(600));
    expect(orders.snapshot()).toMatchObject({ breaker: "open", failures: 0 });
  });

  test("forgets what is older than its window", async () => {
    const orders = dependency("orders", options);
    for (let call = 0; call < 9; call += 1) await ask(orders, down);
    await vi.advanceTimersByTimeAsync(11_000);
    for (let call = 0; call < 9; call += 1) await ask(orders, down);
    expect(orders.snapshot().breaker).toBe("closed");
  });

  test("counts callers that give up on a hanging dependency, and not those that leave at once", async () => {
    const leave = async (afterMs: number) => {
      const orders = dependency("orders", {
        ...options,
        timeoutMs: 10_000,
        breaker: { slowMs: 500, windowMs: 60_000 },
      });
      for (let call = 0; call < 12; call += 1) {
        const { context, controller } = callOf(60_000);
        setTimeout(() => controller.abort(new Error("left")), afterMs);
        await settled(orders.run(context, { idempotent: true }, never));
      }
      return orders.snapshot().breaker;
    };
    expect(await leave(50)).toBe("closed");
    expect(await leave(600)).toBe("open");
  });

  test("opens again when nobody waited for the probe's answer", async () => {
    const orders = dependency("orders", options);
    for (let call = 0; call < 10; call += 1) await ask(orders, down);
    await vi.advanceTimersByTimeAsync(5_000);
    const { context, controller } = callOf(60_000);
    const probe = orders.run(context, { idempotent: true }, never).catch((error: Error) => error.message);
    await vi.advanceTimersByTimeAsync(10);
    controller.abort(new Error("left"));
    expect(await probe).toBe("left");
    expect(orders.snapshot()).toMatchObject({ breaker: "open", failures: 10 });
  });

  test.each([
    ["that ends well", (end: { resolve(value: string): void }) => end.resolve("well")],
    ["that fails", (end: { reject(error: Error): void }) => end.reject(transient(new Error("down")))],
    ["whose caller leaves", (end: { leave(): void }) => end.leave()],
  ])("is neither closed nor opened by an attempt from before its pause %s", async (_what, finish) => {
    const orders = dependency("orders", { ...options, timeoutMs: 60_000 });
    const { context, controller } = callOf(60_000);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const early = orders.run(context, { idempotent: true }, () => promise).catch(() => "failed");
    for (let call = 0; call < 10; call += 1) await ask(orders, down);
    await vi.advanceTimersByTimeAsync(5_000);
    finish({ resolve, reject, leave: () => controller.abort(new Error("left")) });
    await early;
    expect(orders.snapshot().breaker).toBe("half-open");
    await ask(orders, async () => "well");
    expect(orders.snapshot().breaker).toBe("closed");
  });

  test("is closed when an operator lets go of it, and reports no probe", async () => {
    const orders = dependency("orders", options);
    for (let call = 0; call < 10; call += 1) await ask(orders, down);
    const events: string[] = [];
    orders.onEvent(({ before, after }) => events.push(`${before} -> ${after}`));
    orders.force("closed", { by: "ada" });
    orders.force("auto", { by: "ada" });
    expect(orders.snapshot().breaker).toBe("closed");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(events).toEqual(["auto -> forced closed", "forced closed -> auto"]);
  });

  test("is held by an operator until it is let go, and nothing is changed that cannot be accounted for", async () => {
    const orders = dependency("orders", options);
    const events: string[] = [];
    const stop = orders.onEvent(({ before, after, by, reason }) =>
      events.push(`${before} -> ${after} by ${by}: ${reason}`),
    );
    orders.force("open", { by: "ada", reason: "maintenance" });
    expect((await ask(orders, async () => "well")).error).toMatchObject({ code: "dependency_not_asked" });
    expect(orders.snapshot()).toMatchObject({ breaker: "open", forced: "open", hits: 0 });
    orders.force("closed", { by: "ada", reason: "they say it is back" });
    for (let call = 0; call < 30; call += 1) await ask(orders, down);
    expect(orders.snapshot()).toMatchObject({ breaker: "closed", forced: "closed", hits: 30, failures: 30 });
    orders.force("auto", { by: "ada" });
    orders.force("auto", { by: "ada" });
    for (let call = 0; call < 10; call += 1) await ask(orders, down);
    expect(orders.snapshot()).toMatchObject({ breaker: "open", forced: "auto" });
    expect(events.slice(0, 3)).toEqual([
      "auto -> forced open by ada: maintenance",
      "forced open -> forced closed by ada: they say it is back",
      "forced closed -> auto by ada: undefined",
    ]);
    expect(events).toHaveLength(4);
    stop();
    orders.onEvent(() => {
      throw new Error("the audit cannot be written");
    });
    expect(() => orders.force("closed", { by: "ada" })).toThrow("audit");
    expect(orders.snapshot().forced).toBe("auto");
    await vi.advanceTimersByTimeAsync(6_000);
    expect((await ask(orders, async () => "well")).value).toMatchObject({ value: "well" });
  });
});

describe("the limit", () => {
  test("queues what is over it, and refuses what is over the queue", async () => {
    const orders = dependency("orders", { limit: { initial: 2, maxWaiting: 3, maxWaitMs: 500 } });
    let most = 0;
    const work = async () => {
      most = Math.max(most, orders.snapshot().inFlight);
      await new Promise((resolve) => setTimeout(resolve, 100));
      return "well";
    };
    const runs = Array.from({ length: 10 }, () => orders.run({}, { idempotent: true }, work));
    expect(orders.snapshot()).toMatchObject({ inFlight: 2, waiting: 3 });
    const outcomes = Promise.allSettled(runs);
    await vi.advanceTimersByTimeAsync(1_000);
    const statuses = (await outcomes).map(({ status }) => status);
    expect(statuses.filter((status) => status === "fulfilled")).toHaveLength(5);
    expect(most).toBeLessThanOrEqual(2);
    expect(orders.snapshot()).toMatchObject({ inFlight: 0, waiting: 0, refused: 5, hits: 5, failures: 0 });
  });

  test("lets nobody wait longer than allowed, nor run after leaving", async () => {
    const orders = dependency("orders", { limit: { initial: 1, min: 1, maxWaitMs: 200 }, timeoutMs: 1_000 });
    const first = orders.run({}, { idempotent: true }, never).catch(() => "cut");
    const work = vi.fn(async () => "ran");
    const late = await settled(orders.run({}, { idempotent: true }, work));
    expect(late.error).toMatchObject({ code: "dependency_not_asked" });
    expect(late.ms).toBeLessThanOrEqual(210);
    const { context, controller } = callOf(60_000);
    const left = orders.run(context, { idempotent: true }, work).catch((error: unknown) => error);
    controller.abort(new Error("left"));
    expect(await left).toMatchObject({ message: "left" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await first).toBe("cut");
    expect(work).not.toHaveBeenCalled();
    expect(orders.snapshot()).toMatchObject({ inFlight: 0, waiting: 0 });
  });
});

describe("the cache", () => {
  const cache = { ttlMs: 1_000, staleMs: 10_000 };
  const counting = () => {
    let count = 0;
    return vi.fn(async () => (count += 1));
  };

  test("answers within its TTL, marks what is older, and reads again once for a hundred readers", async () => {
    const orders = dependency("orders", { cache });
    const work = counting();
    const read = (more: object = {}) => orders.run({}, { key: "order:1", ...more }, work);
    expect(await Promise.all([read(), read(), read()])).toEqual(Array(3).fill({ value: 1, stale: false, ageMs: 0 }));
    await vi.advanceTimersByTimeAsync(999);
    expect(await read()).toEqual({ value: 1, stale: false, ageMs: 999 });
    await vi.advanceTimersByTimeAsync(1);
    expect(await Promise.all(Array.from({ length: 100 }, () => read()))).toEqual(
      Array(100).fill({ value: 1, stale: true, ageMs: 1_000 }),
    );
    await vi.advanceTimersByTimeAsync(0);
    expect(work).toHaveBeenCalledTimes(2);
    expect(await read()).toEqual({ value: 2, stale: false, ageMs: 0 });
    expect(orders.snapshot().cache).toMatchObject({
      hits: 2,
      stale: 100,
      misses: 3,
      refreshes: 1,
      entries: 1,
      bytes: 1,
    });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await read()).toEqual({ value: 3, stale: false, ageMs: 0 });
  });

  test("says once that a refresh failed, however many readers there are", async () => {
    const orders = dependency("orders", { cache, retry: { attempts: 1 } });
    await orders.run({}, { key: "k" }, async () => 1);
    await vi.advanceTimersByTimeAsync(1_500);
    const warn = vi.fn();
    const log = { debug: () => {}, info: warn, warn, error: warn };
    for (let reader = 0; reader < 100; reader += 1)
      expect((await orders.run({ log }, { key: "k" }, down)).stale).toBe(true);
    await vi.advanceTimersByTimeAsync(100);
    expect(warn.mock.calls.length).toBe(orders.snapshot().failures);
    expect(orders.snapshot().breaker).toBe("open");
    expect(warn.mock.calls[0]).toMatchObject([{ dependency: "orders", err: { message: "down" } }, "refresh failed"]);
  });

  test("gives the last good answer when the dependency fails, until that is too old", async () => {
    const orders = dependency("orders", { cache, retry: { attempts: 1 } });
    await orders.run({}, { key: "order:1" }, async () => "good");
    await vi.advanceTimersByTimeAsync(5_000);
    const failing = () => orders.run({}, { key: "order:1", fallback: () => "made up" }, down);
    expect(await failing()).toEqual({ value: "good", stale: true, ageMs: 5_000 });
    await vi.advanceTimersByTimeAsync(6_000);
    expect(await failing()).toEqual({ value: "made up", stale: true, ageMs: null });
    expect(orders.snapshot().fallbacks).toBe(2);
  });

  test("keeps an answer for as long as its own call says: 0 for failures alone", async () => {
    const orders = dependency("orders", { cache, breaker: noBreaker, retry: { attempts: 1 } });
    let asked = 0;
    const ask = (key: string, ttlMs: number) => orders.run({}, { key, ttlMs }, () => ++asked);
    await ask("long", 5_000);
    await ask("none", 0);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(await ask("long", 5_000)).toMatchObject({ value: 1, stale: false });
    expect(await ask("none", 0)).toMatchObject({ value: 3, stale: false });
    expect(await orders.run({}, { key: "none", ttlMs: 0 }, down)).toMatchObject({ value: 3, stale: true });
  });

  test("keeps callers apart, unless answers are the same for all", async () => {
    const orders = dependency("orders", { cache });
    const work = counting();
    const as = (id: string, shared: boolean) => orders.run(callOf(1_000, id).context, { key: "k", shared }, work);
    const values = [];
    for (const id of ["ada", "bob", "ada"]) values.push((await as(id, false)).value);
    for (const id of ["ada", "bob"]) values.push((await as(id, true)).value);
    expect(values).toEqual([1, 2, 1, 3, 3]);
  });

  test("keeps nothing that is not there, and nothing over its bounds", async () => {
    const orders = dependency("orders", { cache: { ...cache, maxEntries: 2, maxBytes: 100 } });
    const work = vi.fn(async (): Promise<string | null> => null);
    for (let time = 0; time < 2; time += 1) await orders.run({}, { key: "gone" }, work);
    expect(work).toHaveBeenCalledTimes(2);
    for (const key of ["a", "b", "c"]) await orders.run({}, { key }, async () => key);
    expect(orders.snapshot().cache).toMatchObject({ entries: 2, bytes: 6 });
    await orders.run({}, { key: "big" }, async () => "x".repeat(200));
    expect(orders.snapshot().cache.entries).toBe(2);
  });

  test("forgets what is invalidated, and does not keep what was being read at that time", async () => {
    const orders = dependency("orders", { cache });
    const work = counting();
    const read = async (key: string) => (await orders.run({}, { key }, work)).value;
    expect([await read("order:1"), await read("order:2"), await read("user:1")]).toEqual([1, 2, 3]);
    orders.invalidate("order:1");
    expect([await read("order:1"), await read("order:2")]).toEqual([4, 2]);
    orders.invalidate({ prefix: "order:" });
    expect([await read("order:1"), await read("order:2"), await read("user:1")]).toEqual([5, 6, 3]);
    let answer = (_value: number): void => {};
    const before = orders.run({}, { key: "slow" }, () => new Promise<number>((resolve) => (answer = resolve)));
    await vi.advanceTimersByTimeAsync(1);
    orders.invalidate("slow");
    const after = orders.run({}, { key: "slow" }, async () => 99);
    expect((await after).value).toBe(99);
    answer(0);
    expect((await before).value).toBe(0);
    expect(await read("slow")).toBe(99);
  });

  test("tells whose refresh found something else", async () => {
    const orders = dependency("orders", { cache: { ttlMs: 1_000 } });
    const heard: string[] = [];
    const stop = orders.onRefresh((key) => heard.push(key));
    let price = 1;
    const read = () => orders.run({}, { key: "price" }, async () => ({ price }));
    for (const next of [1, 1, 2, 3]) {
      price = next;
      await read();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    stop();
    price = 4;
    await read();
    expect(heard).toEqual(["price", "price"]);
  });

  test("takes the wall clock into account: a laptop that slept wakes with old answers", async () => {
    const orders = dependency("orders", { cache: { ttlMs: 60_000 } });
    const work = counting();
    await orders.run({}, { key: "k" }, work);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect((await orders.run({}, { key: "k" }, work)).value).toBe(2);
    vi.setSystemTime(Date.now() - 7_200_000);
    await vi.advanceTimersByTimeAsync(61_000);
    expect((await orders.run({}, { key: "k" }, work)).value).toBe(3);
  });
});

describe("single flight", () => {
  test("goes on while anyone waits, and stops when the last one leaves", async () => {
    const orders = dependency("orders");
    const signals: AbortSignal[] = [];
    let answer = (_value: string): void => {};
    const work = vi.fn(({ signal }: { signal: AbortSignal }) => {
      signals.push(signal);
      return new Promise<string>((resolve) => (answer = resolve));
    });
    const one = callOf(60_000);
    const two = callOf(60_000);
    const first = orders.run(one.context, { key: "k" }, work).catch((error: Error) => error.message);
    const second = orders.run(two.context, { key: "k" }, work);
    one.controller.abort(new Error("left"));
    expect(await first).toBe("left");
    expect(signals[0]?.aborted).toBe(false);
    answer("well");
    expect((await second).value).toBe("well");
    const three = callOf(60_000);
    const last = orders.run(three.context, { key: "k" }, work).catch((error: Error) => error.message);
    await vi.advanceTimersByTimeAsync(1);
    three.controller.abort(new Error("left too"));
    expect(await last).toBe("left too");
    expect(signals[1]?.aborted).toBe(true);
    expect(work).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(orders.snapshot().inFlight).toBe(0);
  });

  test("has the time of the one that waits longest, and each waits no longer than its own", async () => {
    const orders = dependency("orders", { timeoutMs: 10_000 });
    const work = () => new Promise((resolve) => setTimeout(resolve, 1_000, "well"));
    const longer = orders.run(callOf(5_000).context, { key: "k" }, work);
    const brief = await settled(orders.run(callOf(500).context, { key: "k" }, work));
    expect(brief.error).toMatchObject({ code: "dependency_unavailable" });
    expect(brief.ms).toBeLessThanOrEqual(500);
    expect((await settled(longer)).value).toMatchObject({ value: "well" });
    expect(orders.snapshot().hits).toBe(1);
  });

  test("goes on in the time of who came later, when the first has run out of it", async () => {
    const orders = dependency("orders", { timeoutMs: 10_000 });
    const work = () => new Promise((resolve) => setTimeout(resolve, 1_000, "well"));
    const brief = orders.run(callOf(500).context, { key: "k" }, work).catch((error: unknown) => error);
    const longer = await settled(orders.run(callOf(5_000).context, { key: "k" }, work));
    expect(await brief).toMatchObject({ code: "dependency_unavailable" });
    expect(longer.value).toMatchObject({ value: "well" });
    expect(orders.snapshot()).toMatchObject({ hits: 2, retries: 1 });
  });

  test("is for reads: what changes something cannot have a key", async () => {
    const { error } = await settled(dependency("orders").run({}, { key: "k", idempotent: false }, async () => 1));
    expect(error).toBeInstanceOf(TypeError);
  });
});

test("a dependency needs a name that logs and metrics can carry", () => {
  expect(dependency("orders.eu:v2").name).toBe("orders.eu:v2");
  expect(() => dependency("Orders API")).toThrow('"Orders API" is not');
});

test("errors are known across copies of the package", () => {
  expect(isDependencyError(transient("x"))).toBe(true);
  expect(isDependencyError({ [Symbol.for("offshoot.DependencyError")]: true })).toBe(true);
  expect(isDependencyError(new Error("x"))).toBe(false);
});
