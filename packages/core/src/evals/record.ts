import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { EvalResult } from "./run.ts";

/** A run that was written down, a line of JSON each. */
export interface EvalRecord {
  at: string;
  eval: string;
  passed: number;
  tried: number;
  score: number;
  /** What each scenario's calls answered, without what differs by time and place. */
  answers: Record<string, string[]>;
}

/** The file of records in a project. */
export const EVALS_RECORD = "evals.record.jsonl";

/** Characters of an answer that are kept. */
const MAX_ANSWER = 600;

/** Reads the records, oldest first. @throws Error naming a line that is none */
export function readEvalRecords(file: string): EvalRecord[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((line, at) => {
    if (line.trim() === "") return [];
    const record = parse(line);
    if (!isRecord(record)) throw new Error(`${file}, line ${at + 1}, is not a record of an eval. Take the line out.`);
    return [record];
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is EvalRecord {
  const { at, eval: name, passed, tried, score, answers } = (value ?? {}) as Record<string, unknown>;
  return (
    [at, name].every((text) => typeof text === "string") &&
    [passed, tried, score].every((number) => typeof number === "number") &&
    typeof answers === "object" &&
    Object.values(answers ?? {}).every((list) => Array.isArray(list) && list.every((text) => typeof text === "string"))
  );
}

/** What of a run is written down. */
export const recordOf = ({ eval: name, passed, tried, score, scenarios }: EvalResult, at: Date): EvalRecord => ({
  at: at.toISOString(),
  eval: name,
  passed,
  tried,
  score,
  answers: Object.fromEntries(scenarios.map(({ name, answers }) => [name, answers.map(steady)])),
});

const folder = new RegExp(`(?:/private)?${tmpdir().replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")}[\\\\/][\\w.-]+`, "g");

/** An answer without what is never the same twice. */
const steady = (answer: string): string =>
  answer
    .replaceAll(folder, "<folder>")
    .replaceAll(/\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:?\d\d))?/g, "<time>")
    .replaceAll(/[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}/gi, "<uuid>")
    .slice(0, MAX_ANSWER);
