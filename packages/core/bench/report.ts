import { availableParallelism } from "node:os";
import { type Arm, BASE } from "./arms.ts";
import { median, type Sample } from "./measure.ts";

/** A metric's title, and how its absolute values are shown. */
export interface Metric {
  title: string;
  show: (value: number) => string;
}

/** One bench: its arms, and the samples of each in the order of the rounds. */
export interface Outcome {
  name: string;
  title: string;
  metrics: Record<string, Metric>;
  arms: readonly Arm[];
  samples: ReadonlyMap<Arm, readonly Sample[]>;
}

/**
 * A figure: the median of a value, and its ratio to {@link BASE} in the same round. In a bench without it there is no
 * ratio, and `min` and `max` are of the value.
 */
interface Figure {
  absolute: number;
  ratio: number;
  min: number;
  max: number;
}

/** What must hold: a ratio, because absolute figures are this machine's, or the least value of all rounds. */
export interface Target {
  bench: string;
  arm: string;
  metric: string;
  atMost: number;
  /** Compares the least value, in the metric's own unit, where there is no other server to compare with. */
  least?: true;
}

/** @returns `undefined` for what was not measured */
function figureOf({ arms, samples }: Outcome, arm: Arm, metric: string): Figure | undefined {
  const base = samples.get(arms.find(({ name }) => name === BASE) as Arm) ?? [];
  const pairs = (samples.get(arm) ?? []).map((sample, round) => [sample[metric], base[round]?.[metric]] as const);
  const own = (samples.get(arm) ?? []).flatMap((sample) => sample[metric] ?? []);
  if (base.length === 0 && own.length > 0)
    return { absolute: median(own), ratio: Number.NaN, min: Math.min(...own), max: Math.max(...own) };
  const known = pairs.filter((pair): pair is readonly [number, number] => pair.every((value) => value !== undefined));
  if (known.length === 0) return undefined;
  const ratios = known.map(([value, of]) => value / of);
  const absolute = median(known.map(([value]) => value));
  return { absolute, ratio: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

/** Everything as data, for `--json`. */
export function summarise(outcomes: readonly Outcome[], targets: readonly Target[], run: object) {
  return {
    node: process.version,
    cpus: availableParallelism(),
    ...run,
    base: BASE,
    benches: outcomes.map((outcome) => ({
      name: outcome.name,
      arms: outcome.arms.map((arm) => ({
        name: arm.name,
        ...(arm.skipped === undefined ? {} : { skipped: arm.skipped }),
        ...Object.fromEntries(
          Object.keys(outcome.metrics).map((metric) => [metric, figureOf(outcome, arm, metric) ?? null]),
        ),
      })),
    })),
    targets: targets.flatMap((target) => {
      const outcome = outcomes.find(({ name }) => name === target.bench);
      if (outcome === undefined) return [];
      const arm = outcome.arms.find(({ name }) => name === target.arm);
      const figure = arm === undefined ? undefined : figureOf(outcome, arm, target.metric);
      const ratio = target.least ? figure?.min : figure?.ratio;
      return { ...target, ratio: ratio ?? null, met: ratio !== undefined && ratio <= target.atMost };
    }),
  };
}

/** One line per arm: ratios first, absolute medians in parentheses. */
export function table(outcome: Outcome): string {
  const metrics = Object.entries(outcome.metrics);
  const rows = outcome.arms.map((arm) => {
    if (arm.skipped !== undefined) return [arm.name, `skipped: ${arm.skipped}`];
    return [arm.name, ...metrics.map(([metric, { show }]) => cell(figureOf(outcome, arm, metric), show))];
  });
  const lines = [["", ...metrics.map(([, { title }]) => title)], ...rows];
  const widths = metrics.map((_, column) =>
    Math.max(...lines.map((line) => (line.length > 2 ? (line[column + 1]?.length ?? 0) : 0))),
  );
  const first = Math.max(...lines.map(([name]) => (name as string).length));
  const shown = lines.map(([name = "", ...cells]) =>
    [name.padEnd(first), ...cells.map((text, column) => text.padEnd(widths[column] ?? 0))].join("   ").trimEnd(),
  );
  return [outcome.title, ...shown].join("\n");
}

function cell(figure: Figure | undefined, show: Metric["show"]): string {
  if (figure === undefined) return "not available";
  const { absolute, ratio, min, max } = figure;
  if (Number.isNaN(ratio)) return `${show(absolute)} [${two(min)}–${two(max)}]`;
  return `${two(ratio)} [${two(min)}–${two(max)}] (${show(absolute)})`;
}

export const two = (value: number): string => value.toFixed(2);
