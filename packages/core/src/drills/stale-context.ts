import { type Arm, latenessOf, NO_GATE, openArm } from "./arm.ts";
import {
  type DrillLine,
  type DrillOptions,
  type DrillPhase,
  type DrillResult,
  type Findings,
  runDrill,
} from "./drill.ts";
import { createSource, guardedRead, type KeptRead, plainMap, STALE_CONTEXT_TTL_MS, serverOf } from "./kept-read.ts";
import { createRandom, until } from "./load.ts";

/** What {@link staleContextDrill} takes. */
export interface StaleContextOptions extends DrillOptions {
  /** Makes your way of reading, with a TTL of 2 s. @default `dependency()` with a cache */
  read?: (() => KeptRead) | undefined;
}

const READERS = 100;
const TIMES = { down: 10, well: 20, end: 30 };
const PHASES: DrillPhase[] = [
  { from: 0, to: 10, label: "well" },
  { from: 10, to: 20, label: "the source is down", trouble: true },
  { from: 20, to: 30, label: "well again" },
];

/**
 * A hundred readers at once, again and again, of something that changes, and whose source is away for a while. The
 * control arm is a map with a time in it, as it is often written: it hands out what it has when the source fails, says
 * nothing of its age, and lets every reader fetch. Proven: nobody is given something past its TTL without being told,
 * no client is told to keep something beyond it, and a hundred readers cost one request.
 */
export function staleContextDrill(options: StaleContextOptions = {}): Promise<DrillResult> {
  return runDrill("stale-context", options, (seed) => scenario(options, seed));
}

async function scenario(options: StaleContextOptions, seed: number): Promise<Findings> {
  const { read = () => guardedRead(createRandom(seed + 1)) } = options;
  const startedAt = performance.now();
  const open = (reading: KeptRead) => {
    const source = createSource(startedAt, (at) => at >= TIMES.down && at < TIMES.well);
    // Two hundred readers in one instant are no matter of the gate here.
    return { source, arm: openArm(serverOf(reading, source.fetch), startedAt, NO_GATE) };
  };
  const arms = { guarded: open(read()), naive: open(plainMap()) };
  const beat = arms.guarded.arm.sample("beat", "protected", () => 0);
  const random = createRandom(seed);
  const turns: number[] = [];
  for (let at = 200; at < TIMES.end * 1_000; at += 300 + 900 * random()) turns.push(at);
  for (const at of turns) {
    await until(startedAt, at);
    for (const { arm } of Object.values(arms)) {
      for (let reader = 0; reader < READERS; reader += 1)
        void arm.send("resources/read", { uri: "drill://rate" }, at, { era: reader % 2 === 0 ? "2026" : "2025" });
    }
  }
  await until(startedAt, TIMES.end * 1_000 + 1_000);
  for (const { arm } of Object.values(arms)) arm.close();

  const seen = { guarded: readsOf(arms.guarded.arm), naive: readsOf(arms.naive.arm) };
  return {
    story:
      "A hundred readers at once, again and again, of something that may be kept for two seconds and whose source is away for ten. The control arm is a map with times in it, as one writes it first.",
    protected: {
      unmarkedPastTtl: {
        means: "Answers past their TTL that did not say so",
        value: late(seen.guarded).length,
        most: 0,
      },
      grantedPastTtl: {
        means: "Answers that clients were told to keep beyond it",
        value: overlong(seen.guarded).length,
        most: 0,
      },
      refreshesPer100Readers: {
        means: "Requests to the source for 100 readers at once, at most",
        value: arms.guarded.source.most(),
        most: 1,
      },
      answered: {
        means: "Reads that got an answer, of all",
        unit: "%",
        value: seen.guarded.filter(({ failed }) => !failed).length / seen.guarded.length,
        least: 1,
      },
      markedStale: {
        means: "Answers that said they may be out of date",
        value: seen.guarded.filter(({ marked }) => marked).length,
        least: 1,
      },
      reads: { means: "Reads in all", value: seen.guarded.length },
    },
    control: {
      unmarkedPastTtl: { means: "The same of a map with times in it", value: late(seen.naive).length, least: 1 },
      refreshesPer100Readers: {
        means: "Requests for 100 readers at once, without single flight",
        value: arms.naive.source.most(),
        least: 50,
      },
    },
    idle: { lateness: latenessOf(beat) },
    charts: [
      {
        title: "How old the oldest answer was that did not say so",
        unit: "ms",
        phases: PHASES,
        marks: [{ at: STALE_CONTEXT_TTL_MS, label: "TTL" }],
        lines: [
          oldest("with dependency()", "protected", seen.guarded),
          oldest("a map with times", "control", seen.naive),
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
          { name: "with dependency()", arm: "protected", points: countMarked(seen.guarded) },
          { name: "a map with times", arm: "control", points: countMarked(seen.naive) },
        ],
      },
    ],
  };
}

/** Ages are whole ms, and a hundred readers are not answered in one instant of real time. */
const TOLERANCE_MS = 20;

/** One answer, as its reader can judge it. */
interface Read {
  at: number;
  failed: boolean;
  /** How old it was when it was given. */
  ageMs: number;
  /** And how old a client lets it become. */
  keptMs: number;
  marked: boolean;
}

const readsOf = ({ outcomes }: Arm): Read[] =>
  outcomes.map(({ at, end, result }) => {
    if (end !== "answered") return { at, failed: true, ageMs: Number.NaN, keptMs: Number.NaN, marked: false };
    const { contents, ttlMs = 0 } = result;
    const [madeAt, givenAt] = contents[0].text.split(" ").map(Number);
    const ageMs = givenAt - madeAt;
    return {
      at,
      failed: false,
      ageMs,
      keptMs: ageMs + ttlMs,
      marked: contents[0]._meta?.["offshoot/stale"] !== undefined,
    };
  });
const late = (reads: readonly Read[]) =>
  reads.filter(({ ageMs, marked }) => !marked && ageMs > STALE_CONTEXT_TTL_MS + TOLERANCE_MS);
const overlong = (reads: readonly Read[]) =>
  reads.filter(({ keptMs, marked }) => !marked && keptMs > STALE_CONTEXT_TTL_MS + TOLERANCE_MS);

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
const countMarked = (reads: readonly Read[]) => byTurn(reads, (some) => some.filter(({ marked }) => marked).length);
