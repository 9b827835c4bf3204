import { dependency } from "../resilience/dependency.ts";
import type { DependencyOptions } from "../resilience/safeguards.ts";
import { type Arm, latencyLine, latenessOf, NO_GATE, openArm } from "./arm.ts";
import {
  type DrillLine,
  type DrillOptions,
  type DrillPhase,
  type DrillResult,
  type Findings,
  runDrill,
} from "./drill.ts";
import { createRandom, openLoop, until } from "./load.ts";
import { createUpstream, rateServer } from "./upstream.ts";

/** What {@link slowDependencyDrill} takes. */
export interface SlowDependencyOptions extends DrillOptions {
  /**
   * Your options, replacing single ones of the drill's: a timeout of 500 ms, and answers kept for a second, then stale.
   */
  dependency?: DependencyOptions | undefined;
}

const PER_SECOND = 20;
/** Each is read every five seconds. */
const KEYS = 100;
const TIMES = { trouble: 5, well: 30, end: 43 };
const PHASES: DrillPhase[] = [
  { from: 0, to: 5, label: "well" },
  { from: 5, to: 30, label: "hangs, or answers 503", trouble: true },
  { from: 30, to: 43, label: "well again" },
];

const inTrouble = (at: number): boolean => at >= TIMES.trouble && at < TIMES.well;

const OFF: DependencyOptions = {
  breaker: { minCalls: 1e9 },
  limit: { initial: 1e6, min: 1e6, max: 1e6 },
};

/**
 * Half a minute in which what a server depends on hangs two times of three and answers 503 otherwise. Three arms ask an
 * upstream each, in the same seconds: the control arm as in the literature on retry storms (up to five attempts, no
 * budget, no breaker, no limit; the three of `retry`'s default could not show 3.5 hits a call); one with the budget
 * alone; and one with everything. Proven: how often a call reaches an upstream that is in trouble, and that every
 * caller is answered all the same.
 */
export function slowDependencyDrill(options: SlowDependencyOptions = {}): Promise<DrillResult> {
  return runDrill("slow-dependency", options, (seed) => scenario(options, seed));
}

async function scenario({ dependency: given = {} }: SlowDependencyOptions, seed: number): Promise<Findings> {
  const base: DependencyOptions = { timeoutMs: 500, cache: { ttlMs: 1_000, staleMs: 600_000 }, ...given };
  const startedAt = performance.now();
  const open = (options: DependencyOptions, gate: boolean) => {
    const upstream = createUpstream(startedAt, inTrouble, createRandom(seed + 1));
    const rates = dependency("rates", { random: createRandom(seed + 2), ...options });
    return { upstream, rates, arm: openArm(rateServer(rates, upstream.ask), startedAt, gate ? {} : NO_GATE) };
  };
  const arms = {
    all: open(base, true),
    budget: open({ ...base, ...OFF }, false),
    naive: open({ ...base, ...OFF, retry: { attempts: 5, budget: 1e9 } }, false),
  };
  const breaker = arms.all.arm.sample("breaker", "protected", () => STATES[arms.all.rates.snapshot().breaker]);
  const random = createRandom(seed);
  const times = Array.from(
    { length: PER_SECOND * TIMES.end },
    (_, index) => ((index + 0.8 * random()) * 1_000) / PER_SECOND,
  );
  await openLoop(times, startedAt, (index) => {
    const params = { name: "read_rate", arguments: { id: `${index % KEYS}` } };
    for (const { arm } of Object.values(arms)) void arm.send("tools/call", params, times[index] as number);
  });
  await until(startedAt, TIMES.end * 1_000 + 500);
  const nowMs = performance.now() - startedAt;
  for (const { arm } of Object.values(arms)) arm.close();

  const during = arms.all.arm.outcomes.filter(({ at }) => at >= TIMES.trouble * 1_000 && at < TIMES.well * 1_000);
  const answered = during.filter(({ end }) => end === "answered");
  // Seen from outside: the value says when the upstream made it.
  const unmarked = answered.filter(({ result }) => {
    const { stale, madeAt, readAt } = result.structuredContent as RateAnswer;
    return !stale && readAt - madeAt > (base.cache?.ttlMs ?? 0) + 1;
  });
  const lastSecond = arms.all.arm.outcomes.filter(({ at }) => at >= (TIMES.end - 1) * 1_000);
  const hitsPerCall = (arm: { upstream: { hits: number[] } }): number =>
    arm.upstream.hits.filter((at) => at >= TIMES.trouble && at < TIMES.well).length / during.length;
  const late = (arm: Arm, name: string, kind: DrillLine["arm"]) => latencyLine(name, kind, arm.outcomes, 0.95, nowMs);
  return {
    story:
      "For 25 seconds the service behind the server hangs two times of three and answers 503 otherwise. Without safeguards each call asks it again and again, which is what keeps such a service down.",
    protected: {
      hitsPerCall: {
        means: "Requests to the upstream for each call, with everything",
        value: hitsPerCall(arms.all),
        most: 0.3,
      },
      hitsPerCallBudgetOnly: {
        means: "The same with the retry budget alone",
        value: hitsPerCall(arms.budget),
        most: 1.15,
      },
      fallbackAnswered: {
        means: "Calls that got an answer while it was in trouble",
        unit: "%",
        value: answered.length / during.length,
        least: 1,
      },
      staleUnmarked: { means: "Answers past their time that did not say so", value: unmarked.length, most: 0 },
      freshAtTheEnd: {
        means: "Answers of now in the last second, of all",
        unit: "%",
        value: lastSecond.filter(({ result }) => result?.structuredContent.stale === false).length / lastSecond.length,
      },
    },
    control: {
      hitsPerCall: {
        means: "Requests for each call with up to five attempts and no safeguard",
        value: hitsPerCall(arms.naive),
        least: 3.5,
      },
    },
    idle: { lateness: latenessOf(breaker) },
    charts: [
      {
        title: "Requests that reach the upstream",
        unit: "per second",
        logarithmic: true,
        phases: PHASES,
        marks: [{ at: PER_SECOND, label: "calls" }],
        lines: [
          perSecond("everything", "protected", arms.all.upstream.hits),
          perSecond("retry budget alone", "between", arms.budget.upstream.hits),
          perSecond("neither", "control", arms.naive.upstream.hits),
        ],
      },
      {
        title: "How long callers wait (95th percentile)",
        unit: "ms",
        logarithmic: true,
        phases: PHASES,
        lines: [
          late(arms.all.arm, "everything", "protected"),
          late(arms.budget.arm, "retry budget alone", "between"),
          late(arms.naive.arm, "neither", "control"),
        ],
      },
      { title: "The breaker: 0 closed, 1 half-open, 2 open", unit: "", steps: true, phases: PHASES, lines: [breaker] },
    ],
  };
}

const STATES = { closed: 0, "half-open": 1, open: 2 };

interface RateAnswer {
  madeAt: number;
  readAt: number;
  stale: boolean;
}

function perSecond(name: string, arm: DrillLine["arm"], hits: readonly number[]): DrillLine {
  const points = Array.from({ length: TIMES.end }, (_, second): [number, number] => [
    second + 0.5,
    hits.filter((at) => at >= second && at < second + 1).length,
  ]);
  return { name, arm, points };
}
