import type { CallContext } from "@offshoot/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createApi, type Sent } from "../src/api.ts";
import { UpstreamError } from "../src/domain/errors.ts";
import type { ApiReply, ApiRequest } from "../src/domain/operation.ts";
import type { Stop } from "../src/domain/upstream/stop.ts";
import type { Upstream } from "../src/domain/upstream/upstream.ts";

// Half a minute of outage in no time: every clock that the safeguards read is the test's.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "performance", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const call = {} as CallContext;
const request: ApiRequest = {
  operation: "getOrder",
  method: "GET",
  path: "/orders/o1",
  query: [],
  headers: {},
  body: undefined,
};
const reply: ApiReply = { status: 200, headers: {}, contentType: "application/json", body: { id: "o1" }, bytes: 11 };
const unavailable = (retryAfter?: string) => new UpstreamError("api_error", "503", { status: 503, retryAfter });

/** An upstream that does what it is told, and counts. */
function upstream(answer: (signal: Stop) => Promise<ApiReply>) {
  const counted = { hits: 0, answer };
  const given: Upstream = {
    send: (_request, { signal }) => {
      counted.hits += 1;
      return counted.answer(signal);
    },
    keyOf: async ({ path }) => path,
    hostOf: () => undefined,
    preview: async () => ({ method: "GET", url: "", headers: {} }),
    close: async () => {},
  };
  return Object.assign(counted, { given });
}

/** Calls at a steady rate, each a read of its own, and what became of them. */
async function load(send: (nth: number) => Promise<Sent>, calls: number, everyMs: number) {
  const results: PromiseSettledResult<Sent>[] = [];
  const sent: Promise<unknown>[] = [];
  for (let nth = 0; nth < calls; nth += 1) {
    sent.push(
      send(nth).then(
        (value) => results.push({ status: "fulfilled", value }),
        (reason) => results.push({ status: "rejected", reason }),
      ),
    );
    await vi.advanceTimersByTimeAsync(everyMs);
  }
  return { results, sent };
}

test("an API down for 20 s under 50 calls a second is left alone, and its last answers stand in, marked", async () => {
  const api = upstream(async () => reply);
  const { send, dependency } = createApi(api.given);
  // Twenty orders that were read before.
  const read = (nth: number) => send(call, { ...request, path: `/orders/o${nth % 20}` }, { idempotent: true });
  await load(read, 20, 20);
  const before = api.hits;
  api.answer = async () => {
    throw unavailable();
  };
  let opened = 0;
  dependency.onEvent(({ after }) => {
    if (after === "open" && opened === 0) opened = api.hits - before;
  });
  const { results, sent } = await load(read, 1_000, 20);
  expect(api.hits - before).toBeLessThanOrEqual(1_100);
  expect(api.hits - before).toBeLessThan(100);
  expect(opened).toBeGreaterThan(0);
  expect(opened).toBeLessThanOrEqual(20);
  api.answer = async () => reply;
  const healthyAt = performance.now();
  let recoveredMs: number | undefined;
  dependency.onEvent(({ after }) => {
    if (after === "closed") recoveredMs ??= performance.now() - healthyAt;
  });
  await load(read, 2_000, 20);
  await Promise.all(sent);
  expect(results).toHaveLength(1_000);
  expect(results.every((result) => result.status === "fulfilled" && result.value.stale)).toBe(true);
  expect(results.at(-1)).toMatchObject({ value: { reply: { body: { id: "o1" } }, ageMs: expect.any(Number) } });
  // The pauses so far were 5, 10 and 15 s, give or take a tenth.
  expect(recoveredMs).toBeLessThanOrEqual(2 * 16_500);
  expect(await read(0)).toMatchObject({ stale: false, ageMs: 0 });
});

test.each([
  ["3600", 6_000],
  ["1000000000", 6_000],
  ["-1", 1_000],
  ["Wed, 21 Oct 2015 07:28:00 GMT", 1_000],
  ["soon", 1_000],
])("Retry-After %s lengthens a pause to %i ms at most", async (retryAfter, atMostMs) => {
  vi.spyOn(Math, "random").mockReturnValue(0.999);
  const at: number[] = [];
  const api = upstream(async () => {
    at.push(performance.now());
    if (at.length === 1) throw unavailable(retryAfter);
    return reply;
  });
  const sent = createApi(api.given).send(call, request, { idempotent: true });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await sent).toMatchObject({ stale: false });
  const [first = 0, second = 0] = at;
  expect(second - first).toBeGreaterThanOrEqual(990);
  expect(second - first).toBeLessThanOrEqual(atMostMs);
});

test("an API that hangs: asked 3.5 times a call and more by a naive client, about once within the budget, and hardly at all behind the breaker", async () => {
  const hang = (signal: Stop) =>
    new Promise<never>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const calls = 400;
  const naive = upstream(hang);
  const budget = upstream(hang);
  const whole = upstream(hang);
  const budgeted = createApi(budget.given, { timeoutMs: 500 });
  budgeted.dependency.force("closed", { by: "test" });
  const guarded = createApi(whole.given, { timeoutMs: 500 });
  const naively = async (): Promise<Sent> => {
    for (let attempt = 1; ; attempt += 1)
      try {
        return { reply: await naive.given.send(request, { signal: timeout(500) }), stale: false, ageMs: 0 };
      } catch (error) {
        if (attempt === 4) throw error;
      }
  };
  // Both arms in the same seconds, under the same load.
  const { sent } = await load(
    (nth) => {
      const own = { ...request, path: `/orders/o${nth}` };
      naively().catch(() => {});
      budgeted.send(call, own, { idempotent: true }).catch(() => {});
      return guarded.send(call, own, { idempotent: true });
    },
    calls,
    50,
  );
  await vi.advanceTimersByTimeAsync(10_000);
  await Promise.all(sent);
  // Where neither retry nor breaker asks, the limit has refused: it has fallen to what an API can take that never
  // answers.
  const perCall = { naive: naive.hits / calls, budget: budget.hits / calls, breaker: whole.hits / calls };
  console.info(JSON.stringify({ drill: "slow dependency", ...perCall }));
  expect(perCall.naive).toBeGreaterThanOrEqual(3.5);
  expect(perCall.budget).toBeLessThanOrEqual(1.15);
  expect(perCall.breaker).toBeLessThanOrEqual(0.3);
});

function timeout(ms: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException("late", "TimeoutError")), ms);
  return controller.signal;
}
