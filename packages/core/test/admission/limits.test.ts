import { expect, test } from "vitest";
import { DEFAULT_LIMITS, type Limits, withLimits } from "../../src/admission/limits.ts";
import { connect } from "../../src/testing/index.ts";
import { createLab } from "../fixtures/lab.ts";

test.each<[Record<string, unknown>, RegExp]>([
  [{ maxRunning: 0 }, /limits\.maxRunning must be a whole number, 1 or more; got 0/],
  [{ maxRunning: 2.5 }, /limits\.maxRunning .* got 2\.5/],
  [{ maxRunning: Number.POSITIVE_INFINITY }, /limits\.maxRunning/],
  [{ maxWaiting: -1 }, /limits\.maxWaiting must be a whole number, 0 or more/],
  [{ waitMs: Number.NaN }, /limits\.waitMs must be a number, above 0/],
  [{ waitMs: "100" }, /limits\.waitMs .* got "100"/],
  [{ backgroundShare: 1.5 }, /limits\.backgroundShare must be a number, above 0, at most 1/],
  [{ callsPerSecond: -1 }, /limits\.callsPerSecond must be a number, 0 or more/],
  [{ maxRuning: 5 }, /limits\.maxRuning is unknown\. There are: initialRunning, /],
  [{ minRunning: 9, maxRunning: 8 }, /limits\.minRunning \(9\) must not be above limits\.maxRunning \(8\)/],
])("%j is refused at the start, naming it", async (limits, message) => {
  expect(() => withLimits(DEFAULT_LIMITS, limits as Partial<Limits>)).toThrow(message);
  await expect(connect(createLab().server, { wire: "stdio-2025", limits: limits as Partial<Limits> })).rejects.toThrow(
    message,
  );
});

test("one of a pair moves the other, where that was not said", () => {
  expect(withLimits(DEFAULT_LIMITS, { maxRunning: 1 })).toMatchObject({ minRunning: 1, maxRunning: 1 });
  expect(withLimits(DEFAULT_LIMITS, { minRunning: 100 })).toMatchObject({ minRunning: 100, maxRunning: 100 });
  expect(withLimits(DEFAULT_LIMITS, { waitMs: 1 })).toMatchObject({ overloadedWaitMs: 1 });
  expect(withLimits(DEFAULT_LIMITS, { maxRunning: undefined } as never)).toEqual(DEFAULT_LIMITS);
});

test("the defaults cannot be changed under a server", () => {
  expect(Object.isFrozen(DEFAULT_LIMITS)).toBe(true);
});
