// `pnpm bench [stdio] [http] [pieces] [start] [--rounds N] [--calls N] [--json] [--check]`; README.md says what it measures and why so.
import { parseArgs } from "node:util";
import { type Arm, arms, buildServers } from "./arms.ts";
import { IN_FLIGHT } from "./conversation.ts";
import { HTTP_WARM_UP, measureHttp } from "./http.ts";
import { measureCalls, measurePieces, measureStart, type Sample, WARM_UP } from "./measure.ts";
import { type Metric, type Outcome, summarise, type Target, table, two } from "./report.ts";

/** What is promised. The aims are lower, so that a noisy machine does not break a promise that is kept. */
const targets: Target[] = [
  { bench: "pieces", arm: "offshoot, 2025 era", metric: "cpu", atMost: 7.5, least: true },
  { bench: "pieces", arm: "offshoot, 2026 era", metric: "cpu", atMost: 9.5, least: true },
  { bench: "start", arm: "notes bin", metric: "time", atMost: 0.55 },
  ...["notes bin", "filesystem bin", "http-api bin"].map((arm) => ({
    bench: "start",
    arm,
    metric: "cpu",
    atMost: 0.45,
  })),
];

interface Bench {
  title: string;
  metrics: Record<string, Metric>;
  measure: (arm: Arm) => Promise<Sample>;
  /** Runs once per arm before the rounds, uncounted. */
  prepare?: (arm: Arm) => Promise<unknown>;
}

const whole = (unit: string) => (value: number) => `${Math.round(value)} ${unit}`;

function benches(calls: number): Record<keyof typeof arms, Bench> {
  return {
    stdio: {
      title: `stdio: ${calls} tool calls, ${IN_FLIGHT} in flight, after ${WARM_UP} uncounted ones; then ${2 * calls} later ones`,
      metrics: {
        cpu: { title: "CPU per call", show: (value) => `${value.toFixed(1)} µs` },
        later: { title: "of a later call", show: (value) => `${value.toFixed(1)} µs` },
        rate: { title: "calls/s", show: (value) => String(Math.round(value)) },
        rss: { title: "memory after", show: whole("MB") },
      },
      measure: (arm) => measureCalls(arm, calls),
    },
    http: {
      title: `http: ${Math.ceil(calls / 3)} tool calls, 16 connections, after ${HTTP_WARM_UP} uncounted ones; raw v1 is stateless, with express`,
      metrics: {
        cpu: { title: "CPU per call", show: (value) => `${value.toFixed(0)} µs` },
        rate: { title: "calls/s", show: (value) => String(Math.round(value)) },
        rss: { title: "memory after", show: whole("MB") },
      },
      measure: (arm) => measureHttp(arm, Math.ceil(calls / 3)),
    },
    pieces: {
      title: "pieces: a call within one process, 16 to a chunk, no pipe and no client",
      metrics: { cpu: { title: "CPU per call", show: (value) => `${value.toFixed(2)} µs` } },
      measure: measurePieces,
    },
    start: {
      title: "start: spawn to the answer to tools/list; compile caches, where a server has one, are warm",
      metrics: { time: { title: "time", show: whole("ms") }, cpu: { title: "CPU", show: whole("ms") } },
      measure: measureStart,
      prepare: measureStart,
    },
  };
}

/** Runs every arm once per round. Each round begins with another arm, so that no one has the quiet moments. */
async function run(
  name: keyof typeof arms,
  bench: Bench,
  rounds: number,
  progress: (text: string) => void,
): Promise<Outcome> {
  const present: Arm[] = arms[name].filter((arm: Arm) => arm.skipped === undefined);
  const samples = new Map<Arm, Sample[]>(present.map((arm) => [arm, []]));
  const measure = async (arm: Arm, how: (arm: Arm) => Promise<unknown>): Promise<Sample> => {
    try {
      return (await how(arm)) as Sample;
    } catch (error) {
      throw new Error(`${name}, ${arm.name}: ${(error as Error).message}`);
    }
  };
  for (const arm of bench.prepare === undefined ? [] : present) await measure(arm, bench.prepare as Bench["measure"]);
  for (let round = 0; round < rounds; round += 1) {
    progress(`${name}: round ${round + 1} of ${rounds}`);
    const turn = round % present.length;
    for (const arm of [...present.slice(turn), ...present.slice(0, turn)])
      samples.get(arm)?.push(await measure(arm, bench.measure));
  }
  return { name, title: bench.title, metrics: bench.metrics, arms: arms[name], samples };
}

function fail(message: string, code: number): never {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(code);
}

function readFlags() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: "string", default: "7" },
        calls: { type: "string", default: "30000" },
        json: { type: "boolean", default: false },
        check: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return fail((error as Error).message, 2);
  }
}

const { values, positionals } = readFlags();
const [rounds, calls] = [Number(values.rounds), Number(values.calls)];
if (![rounds, calls].every((number) => Number.isInteger(number) && number > 0))
  fail("--rounds and --calls take whole numbers above 0", 2);
/** What is shown line by line, and has no arms. */
const shown: Record<string, () => Promise<(rounds: number) => AsyncIterable<string>>> = {
  scale: async () => (await import("./scale.ts")).measureScale,
  files: async () => (await import("./files.ts")).measureFiles,
  writes: async () => (await import("./writes.ts")).measureWrites,
  api: async () => (await import("./api.ts")).measureApi,
};
const load = shown[positionals[0] ?? ""];
if (load !== undefined) {
  await buildServers();
  const measure = await load();
  for await (const line of measure(rounds)) process.stdout.write(`${line}\n`);
  process.exit();
}
const all = benches(calls);
const unknown = positionals.find((name) => !Object.hasOwn(all, name));
if (unknown !== undefined) fail(`no bench "${unknown}"; there are ${Object.keys(all).join(", ")}`, 2);
const names = (positionals.length === 0 ? Object.keys(all) : positionals) as (keyof typeof arms)[];

// For people who wait; a pipe gets only results.
const progress = process.stderr.isTTY ? (text: string) => void process.stderr.write(`${text}\n`) : () => {};
const outcomes: Outcome[] = [];
try {
  const warning = await buildServers();
  if (warning !== undefined) process.stderr.write(`bench: ${warning}\n`);
  for (const name of names) outcomes.push(await run(name, all[name], rounds, progress));
} catch (error) {
  fail((error as Error).message, 1);
}

const summary = summarise(outcomes, targets, { rounds, calls });
if (values.json) {
  process.stdout.write(`${JSON.stringify(summary)}\n`);
} else {
  const lines = summary.targets.map(({ bench, arm, metric, atMost, least, ratio, met }) => {
    const { title } = all[bench as keyof typeof all].metrics[metric] as Metric;
    const verdict = ratio === null ? "not measured" : `${two(ratio)}, ${met ? "met" : "NOT MET"}`;
    return `target: ${bench}, ${arm}, ${title} at most ${least ? atMost : `${atMost} × ${summary.base}`}: ${verdict}`;
  });
  const legend = `Each cell: median of the ratios to ${summary.base} in the same round [lowest–highest] (median itself).`;
  const machine = `Node ${summary.node}, ${summary.cpus} CPUs, ${rounds} rounds. ${legend}`;
  process.stdout.write(`${[...outcomes.map(table), machine, lines.join("\n")].join("\n\n")}\n`);
}
if (values.check && summary.targets.some(({ met }) => !met)) process.exitCode = 1;
