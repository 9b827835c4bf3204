import { defineEval } from "./define-eval.ts";
import { acceptedDistortions } from "./distort.ts";
import { judge } from "./judge.ts";
import type { Model } from "./model.ts";
import type { Eval, Scenario } from "./scenario.ts";
import { roundBound } from "./score.ts";
import type { Transcript } from "./transcript.ts";

/** What became of one scenario. */
export interface ScenarioResult {
  name: string;
  kind: Scenario["kind"];
  /** Of so many runs. */
  passed: number;
  /** What was wrong in the runs that failed, each once. */
  wrong: string[];
  /** What each call answered in the last run, with its tool. */
  answers: string[];
}

/** What became of an eval. */
export interface EvalResult {
  /** The eval's name; with a model, also the model's. */
  eval: string;
  /** How often each scenario ran. */
  runs: number;
  scenarios: ScenarioResult[];
  /** Scenarios without a task, which a model was not given. */
  skipped: string[];
  /** Tools that no scenario calls: whatever becomes of them, this eval stays as it is. */
  uncalled: string[];
  passed: number;
  tried: number;
  /** What the share of passed runs is at least, with 95 % confidence. */
  score: number;
}

/** What {@link runEval} takes. */
export interface RunOptions {
  /** Decides which calls are made. @default the scenarios' own calls, in both eras */
  model?: Model | undefined;
  /** How often each scenario runs: a model does not always do the same. @default 1 */
  runs?: number | undefined;
  /** Hears of each scenario before it begins. */
  onScenario?: ((name: string, at: number, of: number) => void) | undefined;
}

const ERAS = ["2025", "2026"] as const;

/**
 * Plays an eval's scenarios and judges them. Without a model each is played in both eras, passes when it passes in
 * both, and must turn red when the server's answers are replaced by worthless ones: one that does not cannot fail, and
 * counts as failed.
 *
 * @throws Error for `runs` without a model: the same calls to the same server have the same outcome
 */
export async function runEval(definition: Eval, { model, runs = 1, onScenario }: RunOptions = {}): Promise<EvalResult> {
  if (model === undefined && runs > 1)
    throw new Error("Without a model each run has the same outcome: leave out the number of runs.");
  // It may have been made without.
  defineEval(definition);
  const chosen = definition.scenarios.filter(({ task }) => model === undefined || task !== undefined);
  if (chosen.length === 0) throw new Error(`The eval "${definition.name}" has no scenario with a task for a model.`);
  // Both eras' clients come with it: what only compares or shows a result has no use for them.
  const { play } = await import("./play.ts");
  const results: ScenarioResult[] = [];
  const transcripts: Transcript[] = [];
  for (const [at, scenario] of chosen.entries()) {
    onScenario?.(scenario.name, at + 1, chosen.length);
    const { name, kind } = scenario;
    const played: Transcript[] = [];
    const wrongs: string[][] = [];
    // With a model a run is one conversation, and the eras take turns.
    for (let run = 0; run < (model === undefined ? ERAS.length : runs); run += 1) {
      const era = ERAS[run % ERAS.length] as (typeof ERAS)[number];
      const transcript = await play(definition, scenario, era, model);
      played.push(transcript);
      wrongs.push(judge(scenario, transcript).map((wrong) => `${era}: ${wrong}`));
    }
    const good = wrongs.filter((wrong) => wrong.length === 0).length;
    const last = played.at(-1) as Transcript;
    transcripts.push(last);
    results.push({
      name,
      kind,
      passed: model === undefined ? Number(good === ERAS.length) : good,
      wrong: [...new Set(wrongs.flat())],
      answers: last.played.map(({ call, answer }) => `${call}: ${answer.refused ? "refused: " : ""}${answer.text}`),
    });
  }
  if (model === undefined) failWhatCannotFail(chosen, results, transcripts);
  const called = new Set(chosen.flatMap(({ given = [], steps }) => [...given, ...steps].map(({ call }) => call)));
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const tried = results.length * runs;
  return {
    eval: model === undefined ? definition.name : `${definition.name} with ${model.name}`,
    runs,
    scenarios: results,
    skipped: definition.scenarios.filter((one) => !chosen.includes(one)).map(({ name }) => name),
    uncalled: [...new Set(transcripts.flatMap(({ tools }) => tools))].filter((tool) => !called.has(tool)),
    passed,
    tried,
    score: roundBound(passed, tried),
  };
}

function failWhatCannotFail(
  scenarios: readonly Scenario[],
  results: readonly ScenarioResult[],
  transcripts: readonly Transcript[],
): void {
  for (const [at, scenario] of scenarios.entries()) {
    const result = results[at] as ScenarioResult;
    if (result.passed === 0) continue;
    const others = transcripts.filter((_, other) => other !== at);
    const accepted = acceptedDistortions(scenario, transcripts[at] as Transcript, others);
    if (accepted.length === 0) continue;
    result.passed = 0;
    result.wrong.push(`it cannot fail: it also passes with ${accepted.join(" and with ")}`);
  }
}
