import type { EvalsLock } from "@offshoot/core/evals";
import { type Bump, bumpFor, type Change } from "../contract/change.ts";
import { compareContracts } from "../contract/compare-contracts.ts";
import { LOCK } from "../contract/lock-file.ts";
import { own } from "../own.ts";
import { changesOf, type DecisionTables, POLICY_LOCK } from "../policy/policy-lock.ts";
import { parseJson } from "../read-json.ts";
import { Refusal } from "../terminal.ts";
import type { Point } from "./point.ts";

/** The locks that say what a release is; beside them `config.lock.json`, once for each environment. */
const CONFIG_LOCK = "config.lock.json";
const EVALS_LOCK = "evals.lock.json";
const DRILLS = "drills.jsonl";

/** What became of one side of a project, or why that is not known. */
export type Part<Found> = { absent: string } | { absent?: undefined; found: Found };

/** What is not as it was from one point to another. */
export interface ReleaseChanges {
  from: string;
  to: string;
  contract: Part<{ changes: Change[]; bump: Bump }>;
  policy: Part<string[]>;
  /** `config/config.lock.json, logLevel: "debug" → "info"`. */
  configuration: Part<string[]>;
  evals: Part<string[]>;
  /** What the drills showed at the second point. */
  drills: Part<Drill[]>;
}

/** A line of `pnpm drill --json`. */
export interface Drill {
  drill: string;
  verdict: string;
  missed: string[];
}

/** Compares two points. @throws Refusal for a lock that is not JSON */
export function changesBetween(before: Point, after: Point): ReleaseChanges {
  const both = <Found>(path: string, compare: (old: never, now: never) => Found): Part<Found> => {
    const [old, now] = [before, after].map((point) => jsonAt(point, path));
    const missing = old === undefined ? before : now === undefined ? after : undefined;
    if (missing !== undefined) return { absent: `there is no ${path} ${whereOf(missing)}` };
    return { found: compare(old as never, now as never) };
  };
  return {
    from: before.name,
    to: after.name,
    contract: both(LOCK, (old, now) => {
      const changes = compareContracts(old, now);
      return { changes, bump: bumpFor(changes, before.version ?? "0.0.0") };
    }),
    policy: both(POLICY_LOCK, (old: DecisionTables, now: DecisionTables) => changesOf(old, now)),
    configuration: configuration(before, after),
    evals: both(EVALS_LOCK, evalChanges),
    drills: readDrills(after),
  };
}

/** What the drills of a point showed. @throws Refusal for lines that are no drill's */
export function readDrills(point: Point): Part<Drill[]> {
  const lines = point
    .read(DRILLS)
    ?.toString("utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (lines === undefined || lines.length === 0) return { absent: `there is no ${DRILLS} ${whereOf(point)}` };
  const next = "write it again with the drills' --json.";
  return {
    found: lines.map((line, at) => {
      const { drill, verdict, missed } = parseJson(Buffer.from(line), `${DRILLS}, line ${at + 1},`, next);
      return {
        drill: String(drill),
        verdict: String(verdict),
        missed: Array.isArray(missed) ? missed.map(String) : [],
      };
    }),
  };
}

const whereOf = ({ name }: Point): string => (name === "here" ? name : `at ${name}`);

const jsonAt = (point: Point, path: string): Record<string, unknown> | undefined => {
  const bytes = point.read(path);
  return bytes === undefined ? undefined : parseJson(bytes, `${path} ${whereOf(point)}`, "name another point.");
};

function configuration(before: Point, after: Point): Part<string[]> {
  const files = [...new Set([...before.named(CONFIG_LOCK), ...after.named(CONFIG_LOCK)])].sort();
  if (files.length === 0) return { absent: `there is no ${CONFIG_LOCK}` };
  return {
    found: files.flatMap((file) => {
      const [old, now] = [before, after].map((point) => jsonAt(point, file)?.values as Record<string, unknown>);
      if (old === undefined) return [`${file}: new`];
      if (now === undefined) return [`${file}: gone`];
      return keysOf(old, now)
        .map((key) => [key, ...[old, now].map((values) => JSON.stringify(own(values, key)) ?? "not set")])
        .filter(([, was, is]) => was !== is)
        .map(([key, was, is]) => `${file}, ${key}: ${was} → ${is}`);
    }),
  };
}

function evalChanges(old: EvalsLock, now: EvalsLock): string[] {
  if ([...Object.values(old), ...Object.values(now)].some((baseline) => typeof baseline?.scenarios !== "object"))
    throw new Refusal(
      `${EVALS_LOCK} is not a lock of evals at both points.`,
      "`offshoot eval --update` writes it again.",
    );
  return keysOf(old, now).flatMap((name) => {
    const [was, is] = [own(old, name), own(now, name)];
    if (was === undefined) return [`${name}: new, score ${is?.score}`];
    if (is === undefined) return [`${name}: gone`];
    const score = was.score === is.score ? [] : [`${name}: score ${was.score} → ${is.score}`];
    const scenarios = keysOf(was.scenarios, is.scenarios)
      .map((scenario) => [scenario, own(was.scenarios, scenario), own(is.scenarios, scenario)] as const)
      .filter(([, then, today]) => then !== today)
      .map(([scenario, then, today]) => {
        const change = then === undefined ? "new" : today === undefined ? "gone" : `passed ${then} → ${today}`;
        return `${name}, "${scenario}": ${change}`;
      });
    return [...score, ...scenarios];
  });
}

const keysOf = (old: object, now: object): string[] => [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
