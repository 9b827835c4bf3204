import { defineResource } from "../../contract/resource.ts";
import { defineServer } from "../../contract/server.ts";
import { type Answer, dependency } from "../../resilience/dependency.ts";
import type { RunContext } from "../../resilience/scope.ts";
import { transient } from "../../resilience/failure.ts";
import { NO_GATE, openArm } from "./arm.ts";
import { type DrillLine, type DrillOptions, type DrillPhase, type DrillResult, type Findings, runDrill } from "./drill.ts";
import { seeded, until } from "./load.ts";

/** Reads something from outside, through whatever keeps it: `fetch` is what it costs. */
export type KeptRead = (context: RunContext, fetch: (signal?: AbortSignal) => Promise<string>) => Promise<Answer<string>>;

/** What {@link staleContextDrill} takes. */
export interface StaleContextOptions extends DrillOptions {
  /** Makes your way of reading, with a TTL of {@link STALE_CONTEXT_TTL_MS}. Default: `dependency()` with a cache. */
  read?: () => KeptRead;
}

/** For how long an answer is good in this drill, in ms. */
export const STALE_CONTEXT_TTL_MS = 2_000;
const READERS = 100;
const ANSWER_MS = 100;
const TIMES = { down: 10, well: 20, end: 30 };
const PHASES: DrillPhase[] = [
  { from: 0, to: 10, label: "well" },
  { from: 10, to: 20, label: "the source is down", trouble: true },
  { from: 20, to: 30, label: "well again" },
];

/**
 * A hundred readers at once, again and again, of something that changes, and whose source is away for a while. The
 * control arm is a map with a time in it, as it is often written: it hands out what it has when the source fails, says
 * nothing of its age, and lets every reader fetch. Proven: nobody is given something past its TTL without being told, no
 * client is told to keep something beyond it, and a hundred readers cost one request.
 */
export function staleContextDrill(options: StaleContextOptions = {}): Promise<DrillResult> {
  return runDrill("stale-context", options, (seed) => scenario(options, seed));
}

async function scenario({ read = guarded }: StaleContextOptions, seed: number): Promise<Findings> {
  const startedAt = performance.now();
  const open = (reading: KeptRead) => {
    const source = createSource(startedAt);
    // Two hundred readers in one instant are no matter of the gate here.
    return { source, arm: openArm(serverOf(reading, source.fetch), startedAt, NO_GATE) };
  };
  const arms = { guarded: open(read()), naive: open(plainMap()) };
  const random = seeded(seed);
  const turns: number[] = [];
  for (let at = 200; at < TIMES.end * 1_000; at += 300 + 900 * random()) turns.push(at);
  for (const at of turns) {
    await until(startedAt, at);
    for (const { arm } of Object.values(arms)) {
      for (let reader = 0; reader < READERS; reader += 1)
        void arm.send("resources/read", { uri: "drill://rate" }, at, reader % 2 === 0 ? "2026" : "2025");
    }
  }
  await until(startedAt, TIMES.end * 1_000 + 1_000);
  for (const { arm } of Object.values(arms)) arm.close();

  const seen = Object.fromEntries(
    Object.entries(arms).map(([name, { arm, source }]) => {
      const reads = arm.outcomes.map(({ at, tookMs, end, result }) => {
        if (end !== "answered") return { at, ageMs: Number.NaN, marked: false, keptMs: 0, failed: true };
        const { contents, ttlMs = 0 } = result;
        const ageMs = startedAt + at + tookMs - Number(contents[0].text);
        return { at, ageMs, marked: contents[0]._meta?.["offshoot/stale"] !== undefined, keptMs: ageMs + ttlMs, failed: false };
      });
      const late = reads.filter(({ ageMs, marked }) => ageMs > STALE_CONTEXT_TTL_MS + TOLERANCE_MS && !marked);
      const overlong = reads.filter(({ keptMs, marked }) => !marked && keptMs > STALE_CONTEXT_TTL_MS + TOLERANCE_MS);
      return [name, { reads, late: late.length, overlong: overlong.length, perTurn: source.most() }];
    }),
  ) as Record<keyof typeof arms, { reads: { at: number; ageMs: number; marked: boolean; failed: boolean }[]; late: number; overlong: number; perTurn: number }>;
  return {
    protected: {
      unmarkedPastTtl: { value: seen.guarded.late, most: 0 },
      grantedPastTtl: { value: seen.guarded.overlong, most: 0 },
      refreshesPer100Readers: { value: seen.guarded.perTurn, most: 1 },
      answered: { value: seen.guarded.reads.filter(({ failed }) => !failed).length / seen.guarded.reads.length, least: 1 },
      markedStale: { value: seen.guarded.reads.filter(({ marked }) => marked).length, least: 1 },
      reads: { value: seen.guarded.reads.length },
    },
    control: {
      unmarkedPastTtl: { value: seen.naive.late, least: 1 },
      refreshesPer100Readers: { value: seen.naive.perTurn, least: 50 },
    },
    charts: [
      {
        title: "How old the oldest answer was that did not say so",
        unit: "ms",
        phases: PHASES,
        marks: [{ at: STALE_CONTEXT_TTL_MS, label: "TTL" }],
        lines: [
          oldest("with dependency()", "protected", seen.guarded.reads),
          oldest("a map with times", "control", seen.naive.reads),
        ],
      },
      {
        title: "Requests to the source, for 100 readers at once",
        unit: "requests",
        logarithmic: true,
        phases: PHASES,
        lines: [
          { name: "with dependency()", arm: "protected", points: arms.guarded.source.perBurst() },
          { name: "a map with times", arm: "control", points: arms.naive.source.perBurst() },
        ],
      },
      {
        title: "Answers marked stale",
        unit: "of 100",
        phases: PHASES,
        lines: [
          { name: "with dependency()", arm: "protected", points: markedOf(seen.guarded.reads) },
          { name: "a map with times", arm: "control", points: markedOf(seen.naive.reads) },
        ],
      },
    ],
  };
}

/** A clock that is read twice, in whole ms. */
const TOLERANCE_MS = 2;

const guarded = (): KeptRead => {
  const source = dependency("source", { cache: { ttlMs: STALE_CONTEXT_TTL_MS, staleMs: 60_000 } });
  return (context, fetch) => source.run(context, { key: "rate", shared: true }, ({ signal }) => fetch(signal));
};

/** What one writes first: no single flight, and what it hands out in need looks like new. */
const plainMap = (): KeptRead => {
  let kept: { value: string; at: number } | undefined;
  return async (_context, fetch) => {
    if (kept !== undefined && performance.now() - kept.at < STALE_CONTEXT_TTL_MS) return { value: kept.value, stale: false, ageMs: 0 };
    try {
      kept = { value: await fetch(), at: performance.now() };
    } catch (error) {
      if (kept === undefined) throw error;
    }
    return { value: kept.value, stale: false, ageMs: 0 };
  };
};

/** Says when it was asked, takes 100 ms, and is away for a while. */
function createSource(startedAt: number) {
  const hits: number[] = [];
  const seconds = (): number => (performance.now() - startedAt) / 1_000;
  const bursts = (): Map<number, number> => {
    const counts = new Map<number, number>();
    // Readers of one instant ask within it, or not at all.
    for (const at of hits) counts.set(Math.round(at * 20) / 20, (counts.get(Math.round(at * 20) / 20) ?? 0) + 1);
    return counts;
  };
  return {
    fetch: async (): Promise<string> => {
      hits.push(seconds());
      await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
      if (seconds() >= TIMES.down && seconds() < TIMES.well) throw transient(new Error("down"));
      return String(performance.now());
    },
    most: (): number => Math.max(0, ...bursts().values()),
    perBurst: (): [number, number][] => [...bursts()],
  };
}

const serverOf = (read: KeptRead, fetch: () => Promise<string>) =>
  defineServer({
    name: "rates",
    version: "1.0.0",
    resources: [
      defineResource({
        name: "rate",
        title: "The rate",
        description: "When the source was asked, in ms.",
        uri: "drill://rate",
        ttlMs: STALE_CONTEXT_TTL_MS,
        read: async (_variables, call) => {
          const { value, stale, ageMs } = await read(call, fetch);
          return { contents: value, stale, ageMs: ageMs ?? 0 };
        },
      }),
    ],
  });

interface Read {
  at: number;
  ageMs: number;
  marked: boolean;
}

function byTurn(reads: readonly Read[], value: (reads: Read[]) => number): [number, number][] {
  const turns = new Map<number, Read[]>();
  for (const read of reads) turns.set(read.at, [...(turns.get(read.at) ?? []), read]);
  return [...turns].map(([at, some]) => [at / 1_000, value(some)]);
}

const oldest = (name: string, arm: DrillLine["arm"], reads: readonly Read[]): DrillLine => ({
  name,
  arm,
  points: byTurn(reads, (some) => Math.max(0, ...some.filter(({ marked }) => !marked).map(({ ageMs }) => ageMs || 0))),
});
const markedOf = (reads: readonly Read[]) => byTurn(reads, (some) => some.filter(({ marked }) => marked).length);
