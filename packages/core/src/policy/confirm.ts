import { z } from "zod";
import type { CallContext } from "../contract/context.ts";
import { fail } from "../contract/errors.ts";
import { explainUnapproved } from "../contract/explain-unapproved.ts";
import { visible } from "../contract/names/quote.ts";

/** Characters of an input that a person is shown. */
const MAX_SHOWN = 1_000;

const Answer = z.object({ allow: z.boolean().describe("Allow this call") });

/** Asks a person whether this call may run, with what it was given. @throws ToolError where nobody agreed */
export async function confirm(rule: string, call: CallContext, name: string, input: unknown): Promise<void> {
  const text = JSON.stringify(input ?? {});
  const more = text.length > MAX_SHOWN ? ` (and ${text.length - MAX_SHOWN} more characters)` : "";
  const answer = await call.elicit({
    key: "policy",
    message: `The policy (${JSON.stringify(rule)}) has a person allow this call: ${name} with ${visible(text, MAX_SHOWN)}${more}`,
    schema: Answer,
  });
  if (answer.action === "accept" && answer.content.allow) return;
  fail(explainUnapproved(answer, { state: `The policy wants a person to allow ${name}; nothing was done.` }), {
    code: "not_confirmed",
  });
}
