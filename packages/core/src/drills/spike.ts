import type { Limits } from "../admission/limits.ts";
import type { ServerDefinition } from "../contract/server.ts";
import { behind, type DrillCall, latencies, latencyLine, NO_GATE, type Outcome, openArm } from "./arm.ts";
import { type DrillOptions, type DrillPhase, type DrillResult, type Findings, runDrill } from "./drill.ts";
import { arrivals, createRandom, openLoop, percentile, until } from "./load.ts";
import { createResource } from "./resource.ts";

/** What {@link spikeDrill} takes beside the server. */
export interface SpikeOptions extends DrillOptions {
  /** A read that the server answers without side effects. */
  call: DrillCall;
  /** The limits you serve with. @default the server's defaults */
  limits?: Partial<Limits> | undefined;
}

/** Each call takes so many ms of one of so many places: 200 calls a second. */
const SERVICE_MS = 40;
const SERVERS = 8;
const CAPACITY = (SERVERS * 1_000) / SERVICE_MS;
/** An answer after that, in ms, is of no use to the caller. */
const PATIENCE_MS = 1_000;
const TIMES = { calm: 3, spike: 9, brownout: 17, recovered: 25 };
const PHASES: DrillPhase[] = [
  { from: 0, to: 3, label: "calm" },
  { from: 3, to: 9, label: "spike: 2.5 × capacity", trouble: true },
  { from: 9, to: 17, label: "a quarter of the capacity", trouble: true },
  { from: 17, to: 25, label: "capacity is back" },
];

/**
 * A spike of two and a half times what stands behind a tool can do, then three quarters of that fail, then it is back.
 * The control arm lets everything in. Proven: the time of answers stays bounded, the capacity is used, and the adaptive
 * limit finds it again when it changes.
 *
 * What stands behind the tool is simulated; server, gate and handler are real.
 *
 * @example await spikeDrill(notesServer(notes), { call: { tool: "list_notes" } });
 */
export function spikeDrill(server: ServerDefinition, options: SpikeOptions): Promise<DrillResult> {
  return runDrill("spike", options, (seed) => scenario(server, options, seed));
}

async function scenario(server: ServerDefinition, { call, limits }: SpikeOptions, seed: number): Promise<Findings> {
  const times = arrivals(
    [
      { from: 0, to: TIMES.calm, perSecond: CAPACITY / 2 },
      { from: TIMES.calm, to: TIMES.spike, perSecond: 2.5 * CAPACITY },
      { from: TIMES.spike, to: TIMES.recovered, perSecond: 1.4 * CAPACITY },
    ],
    createRandom(seed),
  );
  const startedAt = performance.now();
  const open = (given?: Partial<Limits>) => {
    const resource = createResource(SERVERS);
    const random = createRandom(seed + 1);
    // Plus or minus half: work that is all alike would be kinder than any.
    const around = () => resource.use(SERVICE_MS * (0.5 + random()));
    return { resource, arm: openArm(behind(server, call, around), startedAt, given) };
  };
  const [guarded, naive] = [open(limits), open(NO_GATE)];
  const limit = guarded.arm.sample("adaptive limit", "protected", () => guarded.arm.app.gate.snapshot().limit);
  const lines = [guarded, naive].map(({ arm, resource }, index) => {
    const kind = index === 0 ? ("protected" as const) : ("control" as const);
    return arm.sample(index === 0 ? "with the gate" : "without", kind, () => arm.app.gate.waiting + resource.waiting);
  });
  const params = { name: call.tool, arguments: call.input ?? {} };
  const sending = openLoop(times, startedAt, (index) => {
    for (const { arm } of [guarded, naive]) void arm.send("tools/call", params, times[index] as number);
  });
  await until(startedAt, TIMES.spike * 1_000);
  for (const { resource } of [guarded, naive]) resource.servers = SERVERS / 4;
  await until(startedAt, TIMES.brownout * 1_000);
  for (const { resource } of [guarded, naive]) resource.servers = SERVERS;
  await sending;
  await until(startedAt, TIMES.recovered * 1_000);
  const nowMs = performance.now() - startedAt;
  for (const { arm } of [guarded, naive]) arm.close();

  const p99 = (outcomes: Outcome[], from: number, to: number) => percentile(latencies(outcomes, from, to, nowMs), 0.99);
  const usual = mean(limit.points, TIMES.spike - 3, TIMES.spike);
  const fallen = mean(limit.points, TIMES.brownout - 3, TIMES.brownout);
  return {
    story:
      "Two and a half times as many calls as the server can do, then three quarters of its capacity fail, then they are back. Without the gate every call is let in, and everyone waits for everyone.",
    protected: {
      p99Ratio: {
        means: "99th percentile of answers, with the gate : without",
        unit: "×",
        value:
          p99(guarded.arm.outcomes, TIMES.calm, TIMES.recovered) / p99(naive.arm.outcomes, TIMES.calm, TIMES.recovered),
        most: 0.25,
      },
      goodput: {
        means: "Answers in time, of those that the capacity allows",
        unit: "%",
        value: goodput(guarded.arm.outcomes),
        least: 0.85,
      },
      limitFallsTo: {
        means: "Where the limit falls to with a quarter of the capacity",
        unit: "%",
        value: fallen / usual,
        most: 0.6,
      },
      limitRecoversTo: {
        means: "And where it is when the capacity is back",
        unit: "%",
        value: mean(limit.points, TIMES.recovered - 3, TIMES.recovered) / usual,
        least: 0.7,
      },
      answered: { means: "Calls answered", value: count(guarded.arm.outcomes, "answered") },
      refused: {
        means: "Calls refused at once, with a time to come back",
        value: count(guarded.arm.outcomes, "refused"),
      },
    },
    control: {
      goodput: { means: "Answers in time without the gate", unit: "%", value: goodput(naive.arm.outcomes), most: 0.5 },
      answered: { means: "Calls answered, in time or not", value: count(naive.arm.outcomes, "answered") },
    },
    idle: {
      p99ToService: {
        means: "99th percentile before the spike : the time that the work takes",
        unit: "×",
        value: p99(naive.arm.outcomes, 0, TIMES.calm) / SERVICE_MS,
        most: 3,
      },
    },
    charts: [
      {
        title: "How long answers took (99th percentile)",
        unit: "ms",
        logarithmic: true,
        phases: PHASES,
        marks: [{ at: PATIENCE_MS, label: "longest wait" }],
        lines: [
          latencyLine("with the gate", "protected", guarded.arm.outcomes, 0.99, nowMs),
          latencyLine("without (or still waiting)", "control", naive.arm.outcomes, 0.99, nowMs),
        ],
      },
      {
        title: "Answers in time",
        unit: "per second",
        phases: PHASES,
        marks: [{ at: CAPACITY, label: "capacity" }],
        lines: [
          inTimeLine("with the gate", "protected", guarded.arm.outcomes),
          inTimeLine("without", "control", naive.arm.outcomes),
        ],
      },
      { title: "Calls at once: the adaptive limit", unit: "calls", phases: PHASES, lines: [limit] },
      {
        title: "Calls that wait",
        unit: "calls",
        logarithmic: true,
        phases: PHASES,
        lines,
      },
    ],
  };
}

const count = (outcomes: Outcome[], end: Outcome["end"]): number => outcomes.filter((one) => one.end === end).length;
const inTime = ({ end, tookMs }: Outcome): boolean => end === "answered" && tookMs <= PATIENCE_MS;

/** Answers in time, of those that were possible from the spike to the end. */
function goodput(outcomes: Outcome[]): number {
  const useful = outcomes.filter((one) => one.at >= TIMES.calm * 1_000 && inTime(one)).length;
  const { calm, spike, brownout, recovered } = TIMES;
  return useful / (CAPACITY * (spike - calm + (brownout - spike) / 4 + recovered - brownout));
}

function inTimeLine(name: string, arm: "protected" | "control", outcomes: Outcome[]) {
  const points: [number, number][] = [];
  for (let from = 0; from < TIMES.recovered; from += 0.5) {
    const ended = outcomes.filter((one) => {
      const endedAt = (one.at + one.tookMs) / 1_000;
      return inTime(one) && endedAt >= from && endedAt < from + 0.5;
    });
    points.push([from + 0.25, ended.length * 2]);
  }
  return { name, arm, points };
}

function mean(points: [number, number][], from: number, to: number): number {
  const within = points.filter(([at]) => at >= from && at < to);
  return within.reduce((sum, [, value]) => sum + value, 0) / within.length;
}
