import type { Tool } from "../../contract/tool.ts";
import type { ToolOutcome } from "../client.ts";
import { type Attempt, describe, isMasked, tryCall } from "./attempt.ts";
import { type Input, notExercised, report, type Subject, type ToolSamples } from "./requirement.ts";

/** What is wrong, where something is. */
export type Problems = (string | undefined)[];

/** Runs a check for each sampled tool, in the samples' order. @throws NotExercised naming the tools without a sample */
export async function eachSampled(
  { definition, samples = {} }: Subject,
  check: (name: string, samples: ToolSamples, tool: Tool) => Promise<Problems>,
): Promise<void> {
  if (definition.tools.size === 0) notExercised("this server has no tools");
  const sampled = samples.tools ?? {};
  const problems: Problems = [];
  for (const [name, of] of Object.entries(sampled)) {
    const tool = definition.tools.get(name);
    if (tool !== undefined) problems.push(...(await check(name, of, tool)));
  }
  report(problems);
  const bare = [...definition.tools.keys()].filter(
    (name) => !Object.hasOwn(sampled, name) || sampled[name]?.valid.length === 0,
  );
  if (bare.length > 0) notExercised(`no sample for ${bare.join(", ")}`);
}

/** {@link eachSampled} with every valid sample called, and only successes looked at. */
export async function eachResult(
  subject: Subject,
  check: (result: ToolOutcome, tool: Tool) => string | undefined,
): Promise<void> {
  let looked = 0;
  await eachSampled(subject, async (name, { valid }, tool) => {
    const problems: Problems = [];
    for (const input of valid) {
      const { result } = await tryCall(subject.client, name, input);
      if (result === undefined || result.isError) continue;
      looked += 1;
      problems.push(check(result, tool));
    }
    return problems;
  });
  if (looked === 0) notExercised("no valid sample succeeded");
}

/** A call as a reader would write it. */
export const showCall = (name: string, input: Input): string => `${name}(${JSON.stringify(input).slice(0, 200)})`;

/** The problem, unless the answer is an error that a model can read and nobody had to mask. */
export function readableError(what: string, answer: Attempt<ToolOutcome>): string | undefined {
  const { result } = answer;
  if (result === undefined || !result.isError)
    return `${what} must give a result with isError; it got ${describe(answer)}.`;
  if (isMasked(result))
    return `${what} made the handler throw something that is no ToolError. Throw one (see fail) that says what to do.`;
  return result.text.trim() === "" ? `${what} gave an error without text.` : undefined;
}
