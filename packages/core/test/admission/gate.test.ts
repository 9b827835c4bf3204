import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openGate, type Visit } from "./fixture.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A fixed limit. */
const places = (count: number) => ({ initialRunning: count, minRunning: count, maxRunning: count });
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("the queue", () => {
  test("a call that finds a place goes in at once, without a promise", () => {
    const { gate, enter } = openGate(places(2));
    expect([enter(), enter()].map(({ state }) => state)).toEqual(["running", "running"]);
    expect(gate.snapshot()).toMatchObject({ limit: 2, running: 2, waiting: 0, mode: "normal" });
  });

  test("who waits goes in first come, first served, while the queue drains", async () => {
    const { many, began, visits } = openGate(places(1));
    many(4);
    for (let turn = 0; turn < 4; turn += 1) {
      await pass(10);
      visits[turn]?.leave();
    }
    expect(began).toEqual([0, 1, 2, 3]);
  });

  test("a call waits half a second and is refused without running", async () => {
    const { many, states, visits } = openGate(places(2));
    many(5);
    await pass(499);
    expect(states()).toEqual({ running: 2, waiting: 3 });
    await pass(2);
    expect(states()).toEqual({ running: 2, "refused: overloaded": 3 });
    for (const { retryAfterMs } of visits.slice(2)) expect(retryAfterMs).toBeGreaterThanOrEqual(100);
  });

  test("after a queue has stood for a whole wait, the newest goes first and waits 5 ms", async () => {
    const { gate, enter, began } = openGate({ ...places(1), waitMs: 100 });
    const quick = enter();
    await pass(10);
    quick.leave();
    const holder = enter();
    enter();
    await pass(60);
    const second = enter();
    await pass(50);
    // The first has given up by now; the second still waits, so that the queue has not drained.
    const newest = enter();
    expect(gate.snapshot().overloaded).toBe(true);
    holder.leave();
    await pass(0);
    expect(began).toEqual([quick.id, holder.id, newest.id]);
    const short = enter();
    await pass(6);
    expect([short.state, second.state]).toEqual(["refused: overloaded", "waiting"]);
  });

  test("a call whose deadline passes in the queue is refused without running", async () => {
    const { enter } = openGate({ ...places(1), waitMs: 10_000 });
    enter();
    const late = enter({ timeoutMs: 50 });
    await pass(51);
    expect(late.state).toBe("refused: overloaded");
  });

  test("a call that is cancelled while it waits leaves at once", async () => {
    const { gate, enter } = openGate(places(1));
    const holder = enter();
    const waits = enter();
    waits.abort();
    await pass(0);
    expect(waits.state).toBe("cancelled");
    expect(gate.waiting).toBe(0);
    holder.leave();
    expect(gate.running).toBe(0);
  });

  test("as many may wait as get a place in time: many where calls are quick, few where they are slow", async () => {
    const quick = openGate(places(8));
    const slow = openGate(places(8));
    for (const [{ enter }, ms] of [
      [quick, 1],
      [slow, 400],
    ] as const) {
      const visit = enter();
      await pass(ms);
      visit.leave();
    }
    quick.many(500);
    slow.many(500);
    expect(quick.states()).toEqual({ done: 1, running: 8, waiting: 128, "refused: overloaded": 364 });
    expect(slow.states()).toEqual({ done: 1, running: 8, waiting: 16, "refused: overloaded": 476 });
  });

  test("those who are refused are told to come back one after another, never at once and within 5 s", async () => {
    const { many, enter, visits } = openGate({ ...places(8), maxWaiting: 16 });
    const first = enter();
    await pass(100);
    first.leave();
    many(10_000);
    const waits = visits.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
    expect(waits.length).toBe(10_000 - 8 - 16);
    expect([Math.min(...waits), Math.max(...waits)]).toEqual([200, 5_000]);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
  });
});

describe("lanes", () => {
  test("background work takes a fifth of the places, also when the rest is free", async () => {
    const { gate, many, states } = openGate(places(10));
    const background = many(10, { lane: "background" });
    expect(states(background)).toEqual({ running: 2, waiting: 8 });
    const core = many(10);
    expect(states(core)).toEqual({ running: 8, waiting: 2 });
    expect(gate.snapshot().lanes).toEqual({
      foreground: { running: 8, waiting: 2, limit: 10 },
      background: { running: 2, waiting: 8, limit: 2 },
    });
    await pass(0);
  });

  test("under load of both, core has four fifths and background its fifth, and background does not give up after 100 ms", async () => {
    const { gate, many, visits, began } = openGate({ ...places(10), waitMs: 100_000 });
    many(100, { lane: "background" });
    many(60);
    for (let round = 0; round < 5; round += 1) {
      await pass(200);
      expect(gate.snapshot().lanes).toMatchObject({ foreground: { running: 8 }, background: { running: 2 } });
      for (const visit of visits.filter(({ state }) => state === "running")) visit.leave();
    }
    await pass(0);
    const lanes = began.slice(0, 50).map((id) => visits[id]?.call.lane);
    expect(lanes.filter((lane) => lane === "background")).toHaveLength(10);
  });

  test("of two places, background work still gets one", () => {
    const { many, states } = openGate(places(2));
    expect(states(many(5, { lane: "background" }))).toMatchObject({ running: 1 });
  });
});

describe("callers", () => {
  test("one that holds all the places it may leaves room for another", () => {
    const { many, enter, states } = openGate(places(10));
    expect(states(many(50, { caller: "greedy" }))).toMatchObject({ running: 8 });
    expect(enter({ caller: "modest" }).state).toBe("running");
  });

  test("the client on stdio, and open HTTP, may have them all", () => {
    for (const caller of ["local", "anonymous"]) {
      const { many, states } = openGate(places(10));
      expect(states(many(10, { caller }))).toEqual({ running: 10 });
    }
  });

  test("one with much that waits gives way to one with little, and loses its oldest when there is no room", async () => {
    const { many, enter, began, visits } = openGate({ ...places(2), maxWaiting: 10, callerShare: 1 });
    const greedy = many(12, { caller: "greedy" });
    const modest = enter({ caller: "modest" });
    await pass(0);
    expect(greedy[2]?.state).toBe("refused: overloaded");
    greedy[0]?.leave();
    await pass(0);
    expect(began.at(-1)).toBe(modest.id);
    expect(visits.filter(({ state }) => state === "waiting")).toHaveLength(9);
  });

  test("callers with equally much take turns, even when there is one place", async () => {
    const { many, enter, began, visits } = openGate({ ...places(1), waitMs: 100_000 });
    enter({ caller: "a" });
    many(6, { caller: "a" });
    many(3, { caller: "b" });
    for (let turn = 0; turn < 6; turn += 1) {
      visits.find(({ state }) => state === "running")?.leave();
      await pass(1);
    }
    expect(began.slice(1).map((id) => visits[id]?.call.caller.id)).toEqual(["a", "b", "a", "b", "a", "b"]);
  });

  test("an authenticated one has its rate, the local one none unless it is set", async () => {
    const rated = openGate({ callsPerSecond: 10, burst: 5 });
    const calls = (count: number, caller: string): Visit[] =>
      Array.from({ length: count }, () => {
        const visit = rated.enter({ caller });
        if (visit.state === "running") visit.leave();
        return visit;
      });
    expect(rated.states(calls(7, "ada"))).toEqual({ done: 5, "refused: rate_limited": 2 });
    expect(rated.visits.at(-1)?.retryAfterMs).toBe(100);
    expect(rated.states(calls(3, "bob"))).toEqual({ done: 3 });
    expect(rated.states(calls(50, "local"))).toEqual({ done: 50 });
    await pass(200);
    expect(rated.states(calls(3, "ada"))).toEqual({ done: 2, "refused: rate_limited": 1 });
    rated.gate.configure({ localCallsPerSecond: 1 }, "operator");
    expect(rated.states(calls(7, "local"))).toEqual({ done: 5, "refused: rate_limited": 2 });
  });
});

test("limits change while a server runs, as an event that says who and what", async () => {
  const { gate, many, states, events } = openGate(places(2));
  many(6);
  gate.configure({ maxRunning: 4, minRunning: 4 }, "operator");
  await pass(0);
  expect(states()).toEqual({ running: 4, waiting: 2 });
  gate.configure({ maxRunning: 4 }, "operator");
  expect(events).toEqual([
    {
      what: "limit",
      before: { maxRunning: 2, minRunning: 2 },
      after: { maxRunning: 4, minRunning: 4 },
      by: "operator",
    },
  ]);
  expect(() => gate.configure({ timeoutMs: 5 }, "operator")).toThrow(/limits\.timeoutMs counts when a server starts/);
  expect(() => gate.configure({ maxRunning: -1 }, "operator")).toThrow(/limits\.maxRunning .*-1/);
});

test("a change of limits that cannot be accounted for does not happen", () => {
  const { gate, control } = openGate(places(2));
  control.listen(() => {
    throw new Error("disk full");
  });
  expect(() => gate.configure({ maxRunning: 4 }, "operator")).toThrow("disk full");
  expect(gate.limits.maxRunning).toBe(2);
});

test("the limit follows the handlers: up while they are as quick as ever, down when they slow", async () => {
  const { gate, many, visits } = openGate({ initialRunning: 8 });
  const serve = async (windows: number, ms: number): Promise<void> => {
    for (let window = 0; window < windows; window += 1) {
      many(gate.snapshot().limit);
      await pass(ms);
      for (const visit of visits.splice(0)) if (visit.state === "running") visit.leave();
    }
  };
  await serve(100, 50);
  const high = gate.snapshot().limit;
  expect(high).toBeGreaterThan(30);
  await serve(60, 250);
  expect(gate.snapshot().limit).toBeLessThan(0.6 * high);
  await serve(400, 50);
  expect(gate.snapshot().limit).toBeGreaterThan(0.7 * high);
});

test("whatever happens, bounds hold, and every call is told once: it runs, or it is refused and never runs", async () => {
  const op = fc.oneof(
    fc.record({
      op: fc.constant("enter" as const),
      caller: fc.constantFrom("local", "ada", "bob"),
      lane: fc.constantFrom("foreground" as const, "background" as const),
      count: fc.integer({ min: 1, max: 40 }),
      timeoutMs: fc.constantFrom(20, 60_000),
    }),
    fc.record({ op: fc.constant("leave" as const), count: fc.integer({ min: 1, max: 10 }) }),
    fc.record({ op: fc.constant("abort" as const), at: fc.nat(200) }),
    fc.record({ op: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ op: fc.constant("limit" as const), to: fc.integer({ min: 1, max: 20 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(op, { maxLength: 40 }), async (ops) => {
      const { gate, many, visits, began } = openGate({ ...places(6), maxWaiting: 50 });
      for (const step of ops) {
        if (step.op === "enter") many(step.count, step);
        else if (step.op === "leave")
          for (const visit of visits.filter(({ state }) => state === "running").slice(0, step.count)) visit.leave();
        else if (step.op === "abort") visits[step.at]?.abort();
        else if (step.op === "pass") await pass(step.ms);
        else gate.configure({ minRunning: step.to, maxRunning: step.to }, "test");
        await pass(0);
        const { limit, lanes, running } = gate.snapshot();
        // A limit that was lowered lets those finish who are in.
        if (!ops.some((other) => other.op === "limit")) expect(running).toBeLessThanOrEqual(limit);
        expect(lanes.background.waiting).toBeLessThanOrEqual(10);
        expect(lanes.foreground.waiting).toBeLessThanOrEqual(50);
        for (const { call } of visits.filter(({ state }) => state === "waiting"))
          expect(call.endsAt).toBeGreaterThan(performance.now());
        for (const id of began) expect(visits[id]?.state).toMatch(/running|done/);
      }
      await pass(60_000);
      for (let rounds = 0; gate.running > 0 && rounds < 1_000; rounds += 1) {
        for (const visit of visits.filter(({ state }) => state === "running")) visit.leave();
        await pass(1);
      }
      await pass(60_000);
      expect(gate).toMatchObject({ running: 0, waiting: 0 });
      expect(visits.every(({ told }) => told === 1)).toBe(true);
      expect(new Set(began).size).toBe(began.length);
    }),
    { numRuns: 60 },
  );
});
