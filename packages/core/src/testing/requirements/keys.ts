import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { TestClient, ToolOutcome } from "../client.ts";
import { type Attempt, describe, tryCall } from "./attempt.ts";
import { type Input, notExercised, type Requirement } from "./requirement.ts";
import { eachSampled, type Problems, showCall } from "./sampled.ts";

/** Repetitions that are on their way at once. */
const AT_ONCE = 5;

/** Requirements on tools that take an idempotency key, kept by core or by the handler. */
export const keyRequirements: readonly Requirement[] = [
  {
    id: "idempotency-key",
    because:
      "A client whose answer was lost calls again: with its key it must get that answer, and not a second note, mail or payment.",
    async check(subject) {
      let keyed = 0;
      await eachSampled(subject, async (name, { valid }, { idempotency }) => {
        const { client } = subject;
        const problems: Problems = [];
        for (const [index, input] of valid.entries()) {
          if (idempotency === undefined) {
            // For what later samples build on.
            await tryCall(client, name, input);
            continue;
          }
          const key = { [idempotency.key]: randomUUID() };
          const first = await callRepeatedly(client, name, { ...input, ...key });
          if (first.problem !== undefined) problems.push(first.problem);
          if (first.failed) continue;
          keyed += 1;
          const other = valid[index + 1];
          if (other !== undefined) problems.push(await checkConflict(client, name, { ...other, ...key }));
        }
        return problems;
      });
      if (keyed === 0) notExercised("no tool with an idempotency key and a sample that succeeds");
    },
  },
];

/** Calls at once and then once more: all must be told the same. A sample that fails is another requirement's matter. */
async function callRepeatedly(
  client: TestClient,
  name: string,
  input: Input,
): Promise<{ failed?: boolean | undefined; problem?: string | undefined }> {
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => tryCall(client, name, input)));
  answers.push(await tryCall(client, name, input));
  if (answers.every(isFailure)) return { failed: true };
  const [first, ...others] = answers.map(({ result }) => result?.data);
  if (answers.some(isFailure) || others.some((data) => !isDeepStrictEqual(data, first)))
    return {
      problem: `${showCall(name, input)} must answer the same each time; it got ${[...new Set(answers.map(describe))].join(", ")}.`,
    };
  return {};
}

async function checkConflict(client: TestClient, name: string, input: Input): Promise<string | undefined> {
  const answer = await tryCall(client, name, input);
  const error = answer.result?.meta["offshoot/error"] as { code?: unknown } | undefined;
  if (answer.result?.isError && error?.code === "conflict") return undefined;
  return `${showCall(name, input)} uses the key of another input: it must fail with the code "conflict"; it got ${describe(answer)}.`;
}

const isFailure = ({ result }: Attempt<ToolOutcome>): boolean => result === undefined || result.isError;
