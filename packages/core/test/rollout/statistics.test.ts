// The judge is scipy, whose answers stand in scipy.json, and the examples of Newcombe's paper.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hash, isInShare } from "../../src/rollout/share.ts";
import {
  leastDifference,
  mannWhitney,
  normalQuantile,
  normalTail,
  percentileInterval,
  wilson,
} from "../../src/rollout/statistics.ts";

const scipy = JSON.parse(readFileSync(new URL("./scipy.json", import.meta.url), "utf8"));

describe("statistics agree with scipy", () => {
  test("the normal distribution, both ways", () => {
    for (const { p, z, quantile, tail } of scipy.normal) {
      if (p !== undefined) expect(normalQuantile(p)).toBeCloseTo(quantile, 7);
      expect(normalTail(z ?? quantile) / tail).toBeCloseTo(1, 8);
    }
  });

  test("Mann–Whitney, with ties and without", () => {
    expect(scipy.mannWhitney).toHaveLength(60);
    for (const { above, below, p } of scipy.mannWhitney) expect(mannWhitney(above, below)).toBeCloseTo(p, 9);
  });

  test("intervals of shares", () => {
    for (const { hits, all, confidence, low, high } of scipy.wilson) {
      const [mine, other] = wilson(hits, all, confidence);
      expect(mine).toBeCloseTo(low, 8);
      expect(other).toBeCloseTo(high, 8);
    }
  });

  test("intervals of percentiles, whatever the distribution", () => {
    for (const { n, share, confidence, low, high } of scipy.percentile) {
      // Ranks are all that counts: shuffled numbers from 0 on are as good as any.
      const values = Array.from({ length: n }, (_, index) => (index * 7_919) % n);
      const [mine, other] = percentileInterval(
        new Set(values).size === n ? values : [...Array(n).keys()],
        share,
        confidence,
      );
      expect([n, share, confidence, mine, other]).toEqual([
        n,
        share,
        confidence,
        low ?? Number.NEGATIVE_INFINITY,
        high ?? Number.POSITIVE_INFINITY,
      ]);
    }
  });
});

test("the difference of two shares is as in Newcombe's paper", () => {
  // Table II, method 10, 95 % in both directions: [first], [second], lower bound.
  const z = 0.975;
  for (const [first, second, lower] of [
    [[56, 70], [48, 80], 0.0524],
    [[9, 10], [3, 10], 0.1705],
    [[10, 10], [0, 20], 0.6791],
    [[6, 7], [2, 7], 0.0582],
  ] as const)
    expect(leastDifference(first, second, z)).toBeCloseTo(lower, 3);
});

describe("a share of callers", () => {
  const call = (id: string, correlationId = "c") => ({
    caller: { id, method: "key" as const },
    wire: {},
    correlationId,
  });

  test("a caller that is in a share is in every larger one", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 100 }),
        (tool, id, a, b) => {
          const [small, large] = [Math.min(a, b), Math.max(a, b)];
          return !isInShare(tool, small, call(id)) || isInShare(tool, large, call(id));
        },
      ),
    );
  });

  test("a share of many callers is about that share, for ids that are alike", () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `caller-${index}`);
    for (const share of [1, 5, 25, 50]) {
      const inside = ids.filter((id) => isInShare("greet", share, call(id))).length / ids.length;
      // Five times the deviation of a fair draw.
      expect(Math.abs(inside - share / 100)).toBeLessThan(
        5 * Math.sqrt(((share / 100) * (1 - share / 100)) / ids.length),
      );
    }
    expect(new Set(ids.map(hash)).size).toBeGreaterThan(19_990);
  });

  test("the one caller of stdio is tried on only when everyone is; without callers, sessions and calls are told apart", () => {
    const local = { caller: { id: "local" }, wire: {}, correlationId: "c" };
    expect([50, 99, 100].map((share) => isInShare("greet", share, local))).toEqual([false, false, true]);
    const open = (sessionId: string | undefined, correlationId: string) =>
      isInShare("greet", 50, { caller: { id: "anonymous" }, wire: { sessionId }, correlationId });
    expect(new Set(Array.from({ length: 50 }, (_, index) => open("s", `c${index}`))).size).toBe(1);
    expect(new Set(Array.from({ length: 50 }, (_, index) => open(`s${index}`, "c"))).size).toBe(2);
    expect(new Set(Array.from({ length: 50 }, (_, index) => open(undefined, `c${index}`))).size).toBe(2);
  });
});
