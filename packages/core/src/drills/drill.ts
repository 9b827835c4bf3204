import { type DrillTime, inVirtualTime } from "./clock.ts";

/**
 * Whether a safeguard held. `inconclusive` proves nothing: the control arm did not fail, or the idle time was noisy.
 */
export type Verdict = "pass" | "fail" | "inconclusive";

/** What a drill saw, and what follows from it. */
export interface DrillResult {
  drill: string;
  seed: number;
  /** Counts and ratios of the protected arm. */
  measured: Record<string, number>;
  /** What they are compared with; `control.…` and `idle.…` are what makes the drill prove anything. */
  threshold: Record<string, string>;
  /** The same world without the safeguard, in the same seconds. */
  control: Record<string, number>;
  /** Before anything went wrong, and whether this process had its turns. */
  idle: Record<string, number>;
  verdict: Verdict;
  /** Thresholds that were missed, by name. */
  missed: string[];
  /** What was done, in two sentences; and for each name of a measure what it means, and in what it is counted. */
  story: string;
  means: Record<string, string>;
  units: Record<string, DrillUnit>;
  /** What happened over time. */
  charts: DrillChart[];
}

/** How many times something else, or a share of the whole; a plain count without. */
export type DrillUnit = "×" | "%";

/** A result as one line of JSON, without its words and pictures. */
export const drillLine = ({
  story: _story,
  means: _means,
  units: _units,
  charts: _charts,
  ...line
}: DrillResult): string => JSON.stringify(line);

/** A picture of a drill: lines over its seconds. */
export interface DrillChart {
  title: string;
  unit: string;
  lines: DrillLine[];
  /** A value that has a meaning of its own, with its name. */
  marks?: { at: number; label: string }[] | undefined;
  /** What went on from when to when, in s. */
  phases: DrillPhase[];
  /** For values that differ by orders of magnitude. @default `false` */
  logarithmic?: boolean | undefined;
  /** For values that jump. @default `false` */
  steps?: boolean | undefined;
}

export interface DrillLine {
  name: string;
  arm: "protected" | "control" | "between";
  /** Seconds since the start, and the value. */
  points: [number, number][];
}

export interface DrillPhase {
  from: number;
  to: number;
  label: string;
  /** Something is wrong then. */
  trouble?: boolean | undefined;
}

/** What each drill takes. */
export interface DrillOptions {
  /** Repeats a drill exactly, in virtual time. @default 1 */
  seed?: number | undefined;
  /**
   * `real` is for servers that wait for a disk or a socket: it takes half a minute, and a busy machine makes it
   * inconclusive.
   *
   * @default `virtual`
   */
  time?: DrillTime | undefined;
}

/** A number, and what it should be. */
export interface Check {
  value: number;
  means: string;
  unit?: DrillUnit | undefined;
  least?: number | undefined;
  most?: number | undefined;
}

/** What a scenario found. */
export interface Findings {
  story: string;
  protected: Record<string, Check>;
  control: Record<string, Check>;
  idle?: Record<string, Check> | undefined;
  charts: DrillChart[];
}

/** A busy machine may be less busy a little later. */
const REAL_RUNS = 3;

/**
 * Runs a scenario and judges it. In real time one that is inconclusive runs again, up to three times in all; in virtual
 * time that would be the same again.
 */
export async function runDrill(
  drill: string,
  { seed = 1, time = "virtual" }: DrillOptions,
  scenario: (seed: number) => Promise<Findings>,
): Promise<DrillResult> {
  let result: DrillResult;
  let runs = 0;
  do {
    runs += 1;
    result = judge(drill, seed, await (time === "real" ? scenario(seed) : inVirtualTime(() => scenario(seed))));
  } while (result.verdict === "inconclusive" && time === "real" && runs < REAL_RUNS);
  return result;
}

/** Thresholds to verdict. What cannot be measured (NaN) holds nowhere. */
export function judge(drill: string, seed: number, { story, charts, idle = {}, ...arms }: Findings): DrillResult {
  const checks = { "": arms.protected, "control.": arms.control, "idle.": idle };
  const threshold: Record<string, string> = {};
  const means: Record<string, string> = {};
  const units: Record<string, DrillUnit> = {};
  const missed: string[] = [];
  for (const [prefix, named] of Object.entries(checks)) {
    for (const [name, check] of Object.entries(named)) {
      means[prefix + name] = check.means;
      if (check.unit !== undefined) units[prefix + name] = check.unit;
      const words = wordsOf(check);
      if (words === "") continue;
      threshold[prefix + name] = words;
      const { value, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = check;
      if (!(value >= least && value <= most)) missed.push(prefix + name);
    }
  }
  const proves = !missed.some((name) => name.startsWith("control.") || name.startsWith("idle."));
  return {
    drill,
    seed,
    measured: valuesOf(arms.protected),
    threshold,
    control: valuesOf(arms.control),
    idle: valuesOf(idle),
    verdict: !proves ? "inconclusive" : missed.length === 0 ? "pass" : "fail",
    missed,
    story,
    means,
    units,
    charts,
  };
}

function wordsOf({ least, most }: Check): string {
  if (least !== undefined && least === most) return `= ${least}`;
  return [least === undefined ? "" : `>= ${least}`, most === undefined ? "" : `<= ${most}`].filter(Boolean).join(", ");
}

const valuesOf = (checks: Record<string, Check>): Record<string, number> =>
  Object.fromEntries(Object.entries(checks).map(([name, { value }]) => [name, Math.round(value * 1_000) / 1_000]));
