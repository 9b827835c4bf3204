// Each drill passes with what a server has by default, and turns red, by name, for each safeguard that is missing.
import { describe, expect, test } from "vitest";
import { openAudit } from "../../src/control/audit.ts";
import {
  accessPolicyDrill,
  backlogDrill,
  canaryDrill,
  type DrillResult,
  environmentDriftDrill,
  incompatiblePayloadsDrill,
  type KeptRead,
  slowDependencyDrill,
  spikeDrill,
  staleContextDrill,
} from "../../src/drills/index.ts";
import { STALE_CONTEXT_TTL_MS } from "../../src/drills/kept-read.ts";
import { dependency } from "../../src/resilience/index.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { greeter } from "../docs/greeter.ts";

const call = { tool: "greet", input: { name: "Ada", language: "de" } };
const verdictOf = ({ verdict, missed }: DrillResult) => ({ verdict, missed });
const passed = { verdict: "pass", missed: [] };

// Whole runs in virtual time: one seed says what a change breaks.
describe.each(process.env.OFFSHOOT_LONG === "1" ? [1, 7] : [1])("with all safeguards, seed %i", (seed) => {
  test("spike passes", async () => {
    expect(verdictOf(await spikeDrill(greeter, { seed, call }))).toEqual(passed);
  });
  test("slow-dependency passes", async () => {
    expect(verdictOf(await slowDependencyDrill({ seed }))).toEqual(passed);
  });
  test("backlog passes", async () => {
    expect(verdictOf(await backlogDrill(greeter, { seed, call }))).toEqual(passed);
  });
  test("stale-context passes", async () => {
    expect(verdictOf(await staleContextDrill({ seed }))).toEqual(passed);
  });
  test("access-policy passes", async () => {
    expect(verdictOf(await accessPolicyDrill({ seed }))).toEqual(passed);
  });
  test("canary passes", async () => {
    expect(verdictOf(await canaryDrill({ seed }))).toEqual(passed);
  });
});

test("environment-drift passes, and turns red where servers start without the lock", async () => {
  expect(verdictOf(await environmentDriftDrill())).toEqual(passed);
  expect(verdictOf(await environmentDriftDrill({ without: "lock" }))).toEqual({
    verdict: "fail",
    missed: ["refused", "named"],
  });
});

// Not what it takes: CPU time is the machine's, and this one may be busy.
test("incompatible-payloads has old calls answered as recorded, and turns red for a shim that is gone or wrong", async () => {
  const seen = async (without?: "shim" | "text") => {
    const { measured, control } = await incompatiblePayloadsDrill({ without, slices: 1 });
    return [measured.asRecorded, control.asRecorded, (measured.throughput as number) > 0];
  };
  expect(await seen()).toEqual([1, 0, true]);
  expect(await seen("text")).toEqual([0, 0, true]);
  expect(await seen("shim")).toEqual([0, 0, true]);
});

describe("canary turns red", () => {
  test("for gates that let everything through", async () => {
    const { verdict, missed } = await canaryDrill({ without: "gates" });
    expect(verdict).toBe("fail");
    expect(missed).toEqual(["gatesToRollBack", "metTheSlow", "wrongAnswers", "wrongStopped"]);
  });
  test("without the shadow, where answers are wrong and not slower", async () => {
    expect(verdictOf(await canaryDrill({ without: "shadow" }))).toEqual({
      verdict: "fail",
      missed: ["wrongAnswers", "wrongStopped"],
    });
  });
});

test("a drill is the same each time, for the same seed", async () => {
  const [first, second, other] = [
    await staleContextDrill(),
    await staleContextDrill(),
    await staleContextDrill({ seed: 2 }),
  ];
  expect(second).toEqual(first);
  expect(other.measured.reads).not.toBe(first.measured.reads);
});

describe("spike turns red", () => {
  test.each([
    ["a limit that does not adapt", { initialRunning: 64, minRunning: 64, maxRunning: 64 }, ["limitFallsTo"]],
    ["a limit that is far too low", { initialRunning: 2, minRunning: 2, maxRunning: 2 }, ["goodput", "limitFallsTo"]],
    ["a queue without an end", { maxWaiting: 1e6, waitMs: 1e6, overloadedWaitMs: 1e6 }, ["p99Ratio"]],
    [
      "no limit at all",
      { initialRunning: 1e6, minRunning: 1e6, maxRunning: 1e6 },
      ["p99Ratio", "goodput", "limitFallsTo"],
    ],
  ])("for %s", async (_what, limits, missed) => {
    const result = await spikeDrill(greeter, { call, limits });
    expect(result.verdict).toBe("fail");
    expect(result.missed).toEqual(expect.arrayContaining(missed));
  });
});

describe("slow-dependency turns red", () => {
  test.each([
    ["no breaker", { breaker: { minCalls: 1e9 } }, ["hitsPerCall", "fallbackAnswered"]],
    // Nobody waits for a place, then, so that the upstream pays for everyone's answer.
    ["neither breaker nor limit", { breaker: { minCalls: 1e9 }, limit: { initial: 64, min: 64 } }, ["hitsPerCall"]],
    ["no retry budget", { retry: { budget: 1e9 } }, ["hitsPerCallBudgetOnly"]],
    ["nothing kept for bad times", { cache: { ttlMs: 1_000 } }, ["fallbackAnswered"]],
  ])("for %s", async (_what, options, missed) => {
    const result = await slowDependencyDrill({ dependency: options });
    expect(verdictOf(result)).toEqual({ verdict: "fail", missed });
  });
});

describe("backlog turns red", () => {
  const silent = createLog("silent");
  test.each([
    [
      "lanes that take all",
      { limits: { backgroundShare: 1, initialRunning: 1e6, minRunning: 1e6, maxRunning: 1e6 } },
      ["coreP95Ratio", "transitions"],
    ],
    ["no degradation", { limits: { degradedQueueMs: 1e9, foregroundOnlyQueueMs: 1e9 } }, ["transitions"]],
    [
      "background work that is never let in",
      {
        limits: {
          degradedQueueMs: 1,
          foregroundOnlyQueueMs: 1,
          degradedLagMs: 1e-9,
          foregroundOnlyLagMs: 1e-9,
          calmMs: 1e9,
        },
      },
      ["normalAtTheEnd"],
    ],
    [
      "an audit that leaves one out",
      {
        keep: (app, file) => {
          const audit = openAudit(file, { log: silent });
          app.control.keep((events) => audit.record(events.filter(({ after }) => after !== "foreground-only")));
          return audit.close;
        },
      },
      ["auditedOfTransitions"],
    ],
    [
      "an audit that has one twice",
      {
        keep: (app, file) => {
          const audit = openAudit(file, { log: silent });
          app.control.keep((events) => audit.record([...events, ...events]));
          return audit.close;
        },
      },
      ["auditedOfTransitions"],
    ],
  ] as [string, Partial<Parameters<typeof backlogDrill>[1]>, string[]][])("for %s", async (_what, options, missed) => {
    const result = await backlogDrill(greeter, { call, ...options });
    expect(result.verdict).toBe("fail");
    expect(result.missed).toEqual(expect.arrayContaining(missed));
  });
});

describe("stale-context turns red", () => {
  const cache = { ttlMs: STALE_CONTEXT_TTL_MS, staleMs: 60_000 };
  const reads: [string, () => KeptRead, string[]][] = [
    [
      "no mark on what is old",
      () => {
        const source = dependency("source", { cache });
        return async (context, fetch) => ({
          ...(await source.run(context, { key: "rate", shared: true }, () => fetch())),
          stale: false,
          ageMs: 0,
        });
      },
      ["unmarkedPastTtl", "grantedPastTtl", "markedStale"],
    ],
    [
      "an age that is not passed on",
      () => {
        const source = dependency("source", { cache });
        return async (context, fetch) => {
          const answer = await source.run(context, { key: "rate", shared: true }, () => fetch());
          return answer.stale ? answer : { ...answer, ageMs: 0 };
        };
      },
      ["grantedPastTtl"],
    ],
    [
      "no single flight",
      () => {
        const source = dependency("source", { cache, limit: { initial: 1e6, max: 1e6 } });
        let made = 0;
        return (context, fetch) => {
          made += 1;
          return source.run(context, { key: `rate:${made}` }, () => fetch());
        };
      },
      ["refreshesPer100Readers"],
    ],
    [
      "nothing kept for bad times",
      () => {
        const source = dependency("source", { cache: { ttlMs: STALE_CONTEXT_TTL_MS } });
        return (context, fetch) => source.run(context, { key: "rate", shared: true }, () => fetch());
      },
      ["answered"],
    ],
  ];
  test.each(reads)("for %s", async (_what, read, missed) => {
    const result = await staleContextDrill({ read });
    expect(result.verdict).toBe("fail");
    expect(result.missed).toEqual(expect.arrayContaining(missed));
  });
});

describe("access-policy turns red", () => {
  test.each([
    ["a leaked key that is not withdrawn", "withdrawal", ["leakedAfterKill", "recordsPerChange"]],
    ["an audit that keeps nothing", "audit", ["recordsPerChange"]],
    ["a policy that stays as it was", "narrowing", ["writtenAfterNarrowing", "recordsPerChange"]],
  ] as const)("for %s", async (_what, without, missed) => {
    expect(verdictOf(await accessPolicyDrill({ without }))).toEqual({ verdict: "fail", missed });
  });
});
