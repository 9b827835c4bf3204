import { join } from "node:path";
import type * as Evals from "@offshoot/core/evals";
import type { Comparison, EvalResult, EvalsLock } from "@offshoot/core/evals";
import { Refusal } from "../terminal.ts";
import type { PlayRequest } from "./messages.ts";
import { playApart } from "./play-apart.ts";

/** An eval that was run, beside its baseline. */
export interface RunEvals {
  result: EvalResult;
  lock: EvalsLock;
  /** `undefined` where the lock does not have this eval. */
  baseline: EvalsLock[string] | undefined;
  comparison: Comparison;
}

/** Runs a project's evals and compares them with its lock. @throws Refusal for a lock that cannot be compared with */
export async function runEvals(
  core: typeof Evals,
  asked: PlayRequest,
  update: boolean,
  onStep: (step: string) => void,
): Promise<RunEvals> {
  const lock = asRefusal(() => core.readEvalsLock(join(asked.folder, core.EVALS_LOCK)));
  // A line each would be a screen of them where there is no terminal.
  const result = await playApart(asked, (name, at, of) => {
    if (at % 10 === 1) onStep(`Scenario ${at} of ${of}: ${name}`);
  });
  const baseline = Object.hasOwn(lock, result.eval) ? lock[result.eval] : undefined;
  // What replaces a baseline need not be comparable with it.
  const against = baseline !== undefined && !(update && baseline.runs !== result.runs) ? baseline : undefined;
  const nothing = { runs: result.runs, score: 0, scenarios: {} };
  const comparison = asRefusal(() => core.compareWithBaseline(result, against ?? nothing, asked.model !== undefined));
  return { result, lock, baseline, comparison };
}

/** What core says of a file is the user's to mend. */
export function asRefusal<Value>(work: () => Value): Value {
  try {
    return work();
  } catch (cause) {
    throw new Refusal((cause as Error).message, "`offshoot eval --update`, once the result is as it should be.", {
      cause,
    });
  }
}
