import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createGradient, type GradientState, type SampleWindow, step } from "../../src/resilience/limit/gradient.ts";

const bounds = { min: 2, max: 64 };
const at = (limit: number, ms = 20): GradientState => ({ limit, usual: new Map([["", { ms, windows: 50 }]]) });
const window = (rttMs: number, inFlight: number, dropped = false): SampleWindow => ({
  inFlight,
  dropped,
  kinds: new Map([["", { count: 10, sumMs: rttMs * 10 }]]),
});
/** The limit after so many like windows. */
const repeat = (windows: number, state: GradientState, rttMs: number, dropped = false): GradientState => {
  let next = state;
  for (let index = 0; index < windows; index += 1) next = step(next, window(rttMs, next.limit, dropped), bounds);
  return next;
};

describe("one step of the limit", () => {
  test("rises by a fifth of its root when the work takes as long as usual and the room is used", () => {
    expect(step(at(16), window(20, 16), bounds).limit).toBeCloseTo(16 + 0.2 * 4, 10);
  });

  test("falls when the work takes three times as long as usual, and at most by half before smoothing", () => {
    // (1.5 × 20 + 5) / 60, with the average drawn up a little by this very window.
    const usual = 20 + (60 - 20) * (2 / 601);
    const gradient = (1.5 * usual + 5) / 60;
    expect(step(at(64), window(60, 64), bounds).limit).toBeCloseTo(0.8 * 64 + 0.2 * (64 * gradient + 8), 10);
    expect(step(at(64), window(4_000, 64), bounds).limit).toBeCloseTo(0.8 * 64 + 0.2 * (32 + 8), 10);
  });

  test("falls on a drop, however quick the rest was", () => {
    expect(step(at(64), window(1, 64, true), bounds).limit).toBeCloseTo(0.8 * 64 + 0.2 * (32 + 8), 10);
  });

  test("stays when less than half of it is used", () => {
    expect(step(at(16), window(2_000, 7), bounds).limit).toBe(16);
    expect(step(at(16), window(2_000, 8), bounds).limit).toBeLessThan(16);
  });

  test("takes growth by less than half, or by less than 5 ms, for noise", () => {
    expect(step(at(16, 100), window(149, 16), bounds).limit).toBeGreaterThan(16);
    expect(step(at(16, 0.1), window(5, 16), bounds).limit).toBeGreaterThan(16);
    expect(step(at(16, 0.1), window(20, 16), bounds).limit).toBeLessThan(16);
  });

  test("holds slow work against slow work: another mix of the same calls is no queue", () => {
    const state: GradientState = {
      limit: 16,
      usual: new Map([
        ["quick", { ms: 1, windows: 50 }],
        ["slow", { ms: 5_000, windows: 50 }],
      ]),
    };
    const mix = (quick: number, slow: number, slower: number): SampleWindow => ({
      inFlight: 16,
      dropped: false,
      kinds: new Map([
        ["quick", { count: quick, sumMs: quick * slower }],
        ["slow", { count: slow, sumMs: slow * 5_000 * slower }],
      ]),
    });
    expect(step(state, mix(1, 99, 1), bounds).limit).toBeCloseTo(16.8, 10);
    expect(step(state, mix(99, 1, 1), bounds).limit).toBeCloseTo(16.8, 10);
    expect(step(state, mix(50, 50, 3), bounds).limit).toBeLessThan(16);
  });
});

describe("over time", () => {
  test("capacity falls to a quarter: the limit falls under 0.6 of itself, and comes back when capacity does", () => {
    const steady = repeat(100, at(8), 20);
    expect(steady.limit).toBe(64);
    const slow = repeat(30, steady, 80);
    expect(slow.limit).toBeLessThan(0.6 * steady.limit);
    expect(repeat(60, slow, 20).limit).toBeGreaterThan(0.7 * steady.limit);
  });

  test("the usual time follows slowly, and comes down faster than it went up", () => {
    const slow = repeat(600, at(8), 200);
    const drifted = slow.usual.get("")?.ms as number;
    expect(drifted).toBeGreaterThan(150);
    const recovered = repeat(60, slow, 20);
    expect(recovered.usual.get("")?.ms).toBeLessThan(2.1 * 20);
  });

  test("the first windows are the usual time", () => {
    expect(step({ limit: 8, usual: new Map() }, window(300, 8), bounds).usual.get("")).toEqual({ ms: 300, windows: 1 });
  });

  test("whatever is seen, the limit stays within its bounds and is a number", () => {
    const windows = fc.array(
      fc.record({
        rttMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
        inFlight: fc.nat(100),
        dropped: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(windows, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 10, max: 100 }), (seen, min, max) => {
        let state: GradientState = { limit: 10, usual: new Map() };
        for (const { rttMs, inFlight, dropped } of seen) {
          state = step(state, window(rttMs, inFlight, dropped), { min, max });
          expect(state.limit).toBeGreaterThanOrEqual(min);
          expect(state.limit).toBeLessThanOrEqual(max);
        }
      }),
    );
  });
});

describe("a gradient", () => {
  test("moves after 100 ms and 10 samples, not after one of them", () => {
    let now = 0;
    const gradient = createGradient({ initial: 8, now: () => now });
    const serve = (times: number): void => {
      for (let index = 0; index < 8; index += 1) gradient.acquire();
      for (let index = 0; index < 8; index += 1) gradient.release(index < times ? { rttMs: 20 } : undefined);
    };
    for (let index = 0; index < 1_000; index += 1) serve(8);
    expect(gradient.limit).toBe(8);
    now += 100;
    serve(1);
    now += 100;
    serve(8);
    serve(8);
    expect(gradient.limit).toBe(8); // 8.57
    now += 100;
    serve(2);
    expect(gradient.limit).toBe(9); // 9.15
    expect(gradient.inFlight).toBe(0);
  });

  test("learns nothing from work without a sample, and can be given other bounds", () => {
    let now = 0;
    const gradient = createGradient({ now: () => now });
    for (let index = 0; index < 100; index += 1) {
      now += 100;
      gradient.acquire();
      gradient.release();
    }
    expect(gradient).toMatchObject({ limit: 8, inFlight: 0 });
    gradient.configure({ min: 3, max: 3 });
    expect(gradient.limit).toBe(3);
  });
});
