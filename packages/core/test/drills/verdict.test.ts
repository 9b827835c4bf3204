// What a verdict follows from, and the clock that makes it the same each time.
import { setTimeout as sleepOutside } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { inVirtualTime } from "../../src/drills/clock.ts";
import { type Findings, judge, runDrill } from "../../src/drills/drill.ts";
import { drillLine, drillReport, drillSum, drillTable, spikeDrill } from "../../src/drills/index.ts";
import { greeter } from "../docs/greeter.ts";

const found = (good: number, control: number, idle: number): Findings => ({
  story: "A story with <b>.",
  protected: { good: { means: "How good", unit: "%", value: good, least: 0.8 }, seen: { means: "Seen", value: 3 } },
  control: { good: { means: "Without", value: control, most: 0.5 } },
  idle: { noise: { means: "Noise", value: idle, most: 0.2 } },
  charts: [
    {
      title: "Over time",
      unit: "ms",
      phases: [{ from: 0, to: 2, label: "all" }],
      lines: [
        {
          name: "x",
          arm: "protected",
          points: [
            [0, 1],
            [1, Number.NaN],
            [2, 10],
          ],
        },
      ],
    },
  ],
});

describe("a verdict", () => {
  test.each([
    ["pass", found(0.9, 0.1, 0), []],
    ["fail", found(0.7, 0.1, 0), ["good"]],
    ["fail", found(Number.NaN, 0.1, 0), ["good"]],
    ["inconclusive", found(0.9, 0.6, 0), ["control.good"]],
    ["inconclusive", found(0.9, Number.NaN, 0), ["control.good"]],
    ["inconclusive", found(0.9, 0.1, 0.3), ["idle.noise"]],
    ["inconclusive", found(0.7, 0.6, 0.3), ["good", "control.good", "idle.noise"]],
  ] as const)("is %s", (verdict, findings, missed) => {
    expect(judge("x", 1, findings)).toMatchObject({ verdict, missed });
  });

  test("is one line of JSON, without the pictures", () => {
    expect(JSON.parse(drillLine(judge("x", 7, found(0.9, 0.12345, 0))))).toEqual({
      drill: "x",
      seed: 7,
      measured: { good: 0.9, seen: 3 },
      threshold: { good: ">= 0.8", "control.good": "<= 0.5", "idle.noise": "<= 0.2" },
      control: { good: 0.123 },
      idle: { noise: 0 },
      verdict: "pass",
      missed: [],
    });
  });

  test("that is inconclusive in real time is looked for again, three times at most, and is never a pass", async () => {
    const runs = async (...noise: number[]) => {
      let run = 0;
      const { verdict } = await runDrill("x", { time: "real" }, async () => found(0.9, 0.1, noise[run++] as number));
      return [verdict, run];
    };
    expect(await runs(0.9, 0)).toEqual(["pass", 2]);
    expect(await runs(0.9, 0.9, 0.9)).toEqual(["inconclusive", 3]);
    expect(await runs(0)).toEqual(["pass", 1]);
  });

  test("of a server that is slow when it has nothing to do is inconclusive", async () => {
    const slow = {
      ...greeter,
      tools: new Map(
        [...greeter.tools].map(([name, tool]) => [
          name,
          { ...tool, handler: () => new Promise((done) => setTimeout(() => done({ greeting: "Hallo" }), 200)) },
        ]),
      ),
    } as typeof greeter;
    const result = await spikeDrill(slow, { call: { tool: "greet", input: { name: "Ada", language: "de" } } });
    expect(result.verdict).toBe("inconclusive");
    expect(result.missed).toContain("idle.p99ToService");
  });
});

test("a terminal shows each arm with units, and what was missed", () => {
  const results = [judge("x", 1, found(0.7, 0.1, 0)), judge("y", 1, found(0.9, 0.6, 0))];
  expect(drillTable(results[0] as (typeof results)[number])).toBe(`x: fail (seed 1)
  with the safeguard
  ✗ How good  70 %  ≥ 80 %
    Seen         3
  without it
  ✓ Without    0.1  ≤ 0.5
  before anything was wrong
  ✓ Noise        0  ≤ 0.2`);
  expect(drillSum(results)).toBe("0 of 2 passed, 1 inconclusive");
});

describe("virtual time", () => {
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  test("passes as fast as there is nothing to do, in order, and is over afterwards", async () => {
    const outside = { now: performance.now, setTimeout, wall: Date.now() };
    const seen: string[] = [];
    const took = await inVirtualTime(async () => {
      const [startedAt, wallAt] = [performance.now(), Date.now()];
      const every = setInterval(() => seen.push("tick"), 20_000);
      const never = setTimeout(() => seen.push("never"), 30_000);
      await Promise.all([
        sleep(50_000).then(() => seen.push("late")),
        sleep(10).then(async () => {
          await sleep(10);
          seen.push("early");
          clearTimeout(never);
        }),
      ]);
      clearInterval(every);
      await sleep(50_000);
      expect(Date.now() - wallAt).toBeCloseTo(100_000, -1);
      return performance.now() - startedAt;
    });
    expect(took).toBeCloseTo(100_000, 3);
    expect(seen).toEqual(["early", "tick", "tick", "late"]);
    expect([performance.now, setTimeout]).toEqual([outside.now, outside.setTimeout]);
    expect(Date.now() - outside.wall).toBeLessThan(60_000);
  });

  test("what is thrown comes through, and the clock is the old one again", async () => {
    const before = setTimeout;
    await expect(
      inVirtualTime(async () => {
        await sleep(1_000);
        throw new Error("broken");
      }),
    ).rejects.toThrow("broken");
    expect(setTimeout).toBe(before);
  });

  test("waits a little for what is no timer, and says so when it goes on for ever", async () => {
    expect(await inVirtualTime(() => sleepOutside(50, "loaded"))).toBe("loaded");
    await expect(inVirtualTime(() => new Promise(() => {}))).rejects.toThrow("Run it in real time");
    await expect(
      inVirtualTime(async () => {
        for (;;) await sleep(10_000);
      }),
    ).rejects.toThrow("Run it in real time");
  });
});

test("the page has every drill, each threshold and line, and nothing that could be markup", () => {
  const page = drillReport([judge("first", 1, found(0.9, 0.1, 0)), judge("second", 1, found(0.7, 0.1, 0))]);
  expect(page).toContain("<title>Drills: fail</title>");
  expect(page).toContain("A story with &lt;b&gt;.");
  expect(page.match(/<section id="(first|second)">/g)).toHaveLength(2);
  expect(page.match(/<tr class="missed">/g)).toHaveLength(1);
  expect(page.match(/<path class="line protected" d="M/g)).toHaveLength(2);
  expect(page).not.toContain("NaN");
  expect(page).not.toMatch(/<script|https?:\/\//);
});
