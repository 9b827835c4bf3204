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
    const strange = strangeTurn(next);
    if (strange !== undefined) return { played: [...given, ...made], broken: strange };
    if ("says" in next) return { played: [...given, ...matchSteps(steps, made, kept)], says: next.says };
    if (made.length + next.calls.length > MAX_CALLS || next.calls.length === 0)
      return { played: [...given, ...made], broken: `the model did not end within ${MAX_CALLS} calls` };
    for (const { tool, input } of next.calls) {
      const answer = await ask(tool, input);
      made.push({ call: tool, input, answer });
      turns.push({ tool, input, answer: { text: answer.text, refused: answer.refused } });
    }
  }
}

/** What is wrong with what a model gave: it is the user's code, and their provider's answer. */
function strangeTurn(next: unknown): string | undefined {
  const { says, calls } = (next ?? {}) as Record<string, unknown>;
  if (typeof says === "string") return undefined;
  const isCall = (call: unknown): boolean => {
    const { tool, input } = (call ?? {}) as Record<string, unknown>;
    return typeof tool === "string" && typeof input === "object" && input !== null && !Array.isArray(input);
  };
  if (Array.isArray(calls) && calls.every(isCall)) return undefined;
  return `the model gave neither { says } nor { calls: [{ tool, input }] }: ${(JSON.stringify(next) ?? "nothing").slice(0, 200)}`;
}

/** The calls, each with the step that it does: in order, with the step's arguments at least. Others stay as they are. */
function matchSteps(steps: readonly Step[], made: readonly Played[], given: ReadonlyMap<string, unknown>): Played[] {
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
