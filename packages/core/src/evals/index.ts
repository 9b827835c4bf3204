export {
  type Baseline,
  baselineOf,
  type Comparison,
  compareWithBaseline,
  EVALS_LOCK,
  type EvalsLock,
  readEvalsLock,
} from "./baseline.ts";
export { defineEval } from "./define-eval.ts";
export type { Model, Situation, Turn, WantedCall } from "./model.ts";
export { evalPage, type ShownEval } from "./page.ts";
export { EVALS_RECORD, type EvalRecord, readEvalRecords, recordOf } from "./record.ts";
export { type EvalResult, type RunOptions, runEval, type ScenarioResult } from "./run.ts";
export type { Eval, Expectation, Scenario, Step } from "./scenario.ts";
export { wilsonLowerBound } from "./score.ts";
export { testEval } from "./test-evals.ts";
