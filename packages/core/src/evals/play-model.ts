import { isDeepStrictEqual } from "node:util";
import type { TestClient } from "../testing/client.ts";
import { fill } from "./fill.ts";
import { covers } from "./judge.ts";
import type { Model, Turn } from "./model.ts";
import type { Scenario, Step } from "./scenario.ts";
import type { Answer, Played, Transcript } from "./transcript.ts";

/** Calls that a model may make in a scenario. */
const MAX_CALLS = 20;

/** Lets a model work on a task, and puts to each of the scenario's steps the call that was meant by it. */
export async function playModel(
  model: Model,
  { task = "", steps }: Scenario,
  client: TestClient,
  ask: (call: string, input: Record<string, unknown>) => Promise<Answer>,
  given: readonly Played[],
  kept: ReadonlyMap<string, unknown>,
): Promise<Pick<Transcript, "played" | "says" | "broken">> {
  const tools = await client.tools();
  const turns: Turn[] = [];
  const made: Played[] = [];
  for (;;) {
    const next = await model.next({ task, instructions: client.instructions, tools, turns: [...turns] });
    if ("says" in next) return { played: [...given, ...matched(steps, made, kept)], says: next.says };
    if (made.length + next.calls.length > MAX_CALLS || next.calls.length === 0)
      return { played: [...given, ...made], broken: `the model did not end within ${MAX_CALLS} calls` };
    for (const { tool, input } of next.calls) {
      const answer = await ask(tool, input);
      made.push({ call: tool, input, answer });
      turns.push({ tool, input, answer: { text: answer.text, refused: answer.refused } });
    }
  }
}

/** The calls, each with the step that it does: in order, with the step's arguments at least. Others stay as they are. */
function matched(steps: readonly Step[], made: readonly Played[], given: ReadonlyMap<string, unknown>): Played[] {
  const kept = new Map(given);
  const left = [...steps];
  return made.map((played) => {
    const [wanted] = left;
    if (wanted?.call !== played.call) return played;
    const step = fill(wanted, kept);
    if (!covers(played.input, step.input ?? {}) && !isDeepStrictEqual(played.input, step.input)) return played;
    left.shift();
    if (step.as !== undefined) kept.set(step.as, played.answer.data);
    return { ...played, step };
  });
}
