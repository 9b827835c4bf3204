import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { EvalResult } from "./run.ts";
import { roundBound, wilsonLowerBound } from "./score.ts";

/** The file beside a project's other locks. */
export const EVALS_LOCK = "evals.lock.json";

/** What an eval had when its lock was written: a server may not become worse than that. */
export interface Baseline {
  runs: number;
  /** What the share of passed runs was at least, with 95 % confidence. */
  score: number;
  /** How many runs each scenario passed, by its name. */
  scenarios: Record<string, number>;
}

/** Baselines by {@link EvalResult.eval}. */
export type EvalsLock = Record<string, Baseline>;

/** An eval beside its baseline. */
export interface Comparison {
  /** What is worse, a line each, with the scenario's name; empty when the eval may pass. */
  worse: string[];
  /** What else is not as in the lock: better, new. */
  other: string[];
}

/** Reads a lock; `{}` where there is none. @throws Error for a file that is no such lock */
export function readEvalsLock(file: URL | string): EvalsLock {
  if (!existsSync(file)) return {};
  const name = file instanceof URL ? fileURLToPath(file) : file;
  const again = "`npx create-offshoot eval --update` writes it again.";
  let text: string;
  let lock: unknown;
  try {
    text = readFileSync(file, "utf8");
    lock = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${name} is not JSON (left over from a merge?). ${again}`, { cause });
  }
  if (!isRecord(lock) || !Object.values(lock).every(isBaseline))
    throw new Error(`${name} is not a lock of evals. ${again}`);
  // JSON.parse would take the last: one line more would lower the bar.
  if (keysIn(text) !== countKeys(lock)) throw new Error(`${name} has a key twice (left over from a merge?). ${again}`);
  return lock as EvalsLock;
}

const keysIn = (json: string): number =>
  [...json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;
const countKeys = (value: unknown): number =>
  typeof value !== "object" || value === null
    ? 0
    : Object.values(value).reduce((sum: number, one) => sum + (Array.isArray(value) ? 0 : 1) + countKeys(one), 0);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isBaseline = (value: unknown): boolean =>
  isRecord(value) &&
  isCount(value.runs, 1_000) &&
  isRecord(value.scenarios) &&
  Object.values(value.scenarios).every((passed) => isCount(passed, value.runs as number)) &&
  value.score === scoreOf(value as unknown as Baseline);
const isCount = (value: unknown, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
/** What the counts come to: a score that says something else was put there by hand. */
const scoreOf = ({ runs, scenarios }: Baseline): number => {
  const counts = Object.values(scenarios);
  return roundBound(
    counts.reduce((sum, passed) => sum + passed, 0),
    counts.length * runs,
  );
};

/** An eval as a lock keeps it: scenarios by name, so that a change shows as a line of a diff. */
export const baselineOf = ({ runs, score, scenarios }: EvalResult): Baseline => ({
  runs,
  score,
  scenarios: Object.fromEntries(
    scenarios.map(({ name, passed }): [string, number] => [name, passed]).sort(([a], [b]) => (a < b ? -1 : 1)),
  ),
});

/**
 * What is worse than the baseline. Without a model there is no chance in it: what passed must pass, and what is new
 * too. With one, a share is worse when it is below what the baseline's was at least; so is that of all scenarios together.
 *
 * @throws Error where the lock was written with another number of runs
 */
export function compareWithBaseline(result: EvalResult, baseline: Baseline, byChance: boolean): Comparison {
  const { runs, scenarios } = baseline;
  if (runs !== result.runs)
    throw new Error(`The lock of "${result.eval}" is of ${runs} runs: use --runs ${runs}, or --update it.`);
  const worse: string[] = [];
  const other: string[] = [];
  for (const { name, passed } of result.scenarios) {
    const before = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;
    const least = byChance ? runs * wilsonLowerBound(before ?? 0, runs) : (before ?? runs);
    const change = `${name}: ${before === undefined ? "new" : `passed ${before} of ${runs}`}, now ${passed} of ${runs}`;
    if (passed < least) worse.push(change);
    else if (passed !== before) other.push(change);
  }
  const here = new Set(result.scenarios.map(({ name }) => name));
  worse.push(...Object.keys(scenarios).flatMap((name) => (here.has(name) ? [] : [`${name}: is gone`])));
  const share = result.passed / Math.max(1, result.tried);
  if (share < baseline.score) worse.push(`all together: ${percent(share)} passed, and ${percent(baseline.score)} must`);
  return { worse, other };
}

/** A share for people. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
