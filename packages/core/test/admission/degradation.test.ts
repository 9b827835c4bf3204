import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type DegradationState, LOOK_MS, look } from "../../src/admission/degradation.ts";
import { DEFAULT_LIMITS } from "../../src/admission/limits.ts";
import { openGate } from "./fixture.ts";

describe("one look at the strain", () => {
  /** The modes of a sequence of looks, each a while after the other. */
  const modes = (strains: { queueMs?: number; lagMs?: number }[], state: DegradationState = { mode: "normal" }) => {
    let at = 0;
    let now = state;
    return strains.map(({ queueMs = 0, lagMs = 0 }) => {
      at += LOOK_MS;
      now = look(now, { queueMs, lagMs, at }, DEFAULT_LIMITS);
      return now.mode;
    });
  };
  const calm = (looks: number) => Array.from({ length: looks }, () => ({}));

  test("a queue that stands, or a late event loop, seen twice in a row: one step", () => {
    expect(modes([{ queueMs: 1_000 }, { queueMs: 1_250 }])).toEqual(["normal", "degraded"]);
    expect(modes([{ lagMs: 200 }, { lagMs: 200 }])).toEqual(["normal", "degraded"]);
    expect(modes([{ queueMs: 999 }, { lagMs: 199 }, { queueMs: 999, lagMs: 199 }])).toEqual([
      "normal",
      "normal",
      "normal",
    ]);
  });

  test("one pause of the event loop, however long, changes nothing", () => {
    expect(modes([{ lagMs: 60_000 }, {}, { lagMs: 60_000 }, {}])).toEqual(["normal", "normal", "normal", "normal"]);
  });

  test("never two steps at once", () => {
    expect(modes(Array.from({ length: 4 }, () => ({ queueMs: 9_000 })))).toEqual([
      "normal",
      "degraded",
      "degraded",
      "foreground-only",
    ]);
  });

  test("back one step after five seconds of calm without a break", () => {
    const looks = 5_000 / LOOK_MS;
    expect(modes(calm(looks), { mode: "foreground-only" }).at(-1)).toBe("foreground-only");
    expect(modes(calm(looks + 1), { mode: "foreground-only" }).at(-1)).toBe("degraded");
    expect(modes([...calm(looks), { queueMs: 6_000 }, ...calm(looks)], { mode: "foreground-only" }).at(-1)).toBe(
      "foreground-only",
    );
    expect(modes(calm(2 * looks + 2), { mode: "foreground-only" }).at(-1)).toBe("normal");
  });

  test("whatever comes, each change is to the next mode, and none follows a look that asked for none", () => {
    const order = ["normal", "degraded", "foreground-only"];
    fc.assert(
      fc.property(fc.array(fc.record({ queueMs: fc.nat(10_000), lagMs: fc.nat(2_000) })), (strains) => {
        const seen = ["normal", ...modes(strains)];
        for (let index = 1; index < seen.length; index += 1)
          expect(
            Math.abs(order.indexOf(seen[index] as string) - order.indexOf(seen[index - 1] as string)),
          ).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("a server under strain", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  test("sheds background work first, keeps core work, steps back, and says each change once", async () => {
    const { gate, many, enter, visits, events, states } = openGate({
      initialRunning: 10,
      minRunning: 10,
      maxRunning: 10,
    });
    const shares: Record<string, number> = {};
    // More than there is room for, in both lanes, for seven seconds.
    for (let turn = 0; turn < 140; turn += 1) {
      many(20);
      many(2, { lane: "background" });
      await pass(50);
      const { mode, lanes } = gate.snapshot();
      shares[mode] = lanes.background.running;
      for (const visit of visits.filter(({ state }) => state === "running")) visit.leave();
    }
    expect(gate.mode).toBe("foreground-only");
    expect(shares).toEqual({ normal: 2, degraded: 1, "foreground-only": 0 });
    const refused = enter({ lane: "background" });
    expect(refused).toMatchObject({ state: "refused: foreground_only", retryAfterMs: 5_000 });
    await pass(1_000);
    for (const visit of visits.filter(({ state }) => state === "running")) visit.leave();
    visits.length = 0;
    expect(enter().state).toBe("running");
    visits[0]?.leave();
    await pass(12_000);
    expect(gate.mode).toBe("normal");
    expect(enter({ lane: "background" }).state).toBe("running");
    expect(states()).toEqual({ done: 1, running: 1 });
    expect(events.map(({ what, before, after, by }) => [what, before, after, by])).toEqual([
      ["degradation", "normal", "degraded", "server"],
      ["degradation", "degraded", "foreground-only", "server"],
      ["degradation", "foreground-only", "degraded", "server"],
      ["degradation", "degraded", "normal", "server"],
    ]);
    expect(events[0]?.reason).toMatch(/^calls have queued for \d+ ms/);
  });

  test.each([
    ["a backlog of background work", { lane: "background" as const }],
    ["a caller that has all it may have", { caller: "greedy" }],
  ])("%s is no strain", async (_title, options) => {
    const { gate, many, events } = openGate({ initialRunning: 10, minRunning: 10, maxRunning: 10 });
    for (let turn = 0; turn < 160; turn += 1) {
      many(10, options);
      await pass(50);
    }
    expect([gate.mode, events]).toEqual(["normal", []]);
  });

  test("what waits in the background is refused when only core work is done", async () => {
    const { gate, many, states, visits } = openGate({ initialRunning: 2, minRunning: 2, maxRunning: 2 });
    const background = many(3, { lane: "background" });
    for (let turn = 0; gate.mode !== "foreground-only" && turn < 200; turn += 1) {
      many(10);
      await pass(50);
      for (const visit of visits.filter(({ state, call }) => state === "running" && call.lane === "foreground"))
        visit.leave();
    }
    expect(states(background)).toEqual({ running: 1, "refused: foreground_only": 2 });
  });

  test("a change that cannot be accounted for does not happen, and the server goes on", async () => {
    const { gate, control, many, logged } = openGate({ initialRunning: 2, minRunning: 2, maxRunning: 2 });
    control.listen(() => {
      throw new Error("disk full");
    });
    for (let turn = 0; turn < 60; turn += 1) {
      many(10);
      await pass(50);
    }
    expect(gate.mode).toBe("normal");
    expect(logged().filter(({ msg }) => String(msg).startsWith("the mode could not change")).length).toBeGreaterThan(0);
  });

  test("without work nothing is looked at", async () => {
    const { enter } = openGate();
    enter().leave();
    await pass(LOOK_MS + 1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
