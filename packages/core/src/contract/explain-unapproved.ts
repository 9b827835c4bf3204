import type { ElicitAnswer } from "./context.ts";

/**
 * What the model reads when a question to the user got no yes: whether the user declined, closed the question or was
 * never asked, and what would work. Without it, a call that did nothing looks like one that went well.
 *
 * @param state what holds now, as a sentence: `Note 3 is still there.`
 * @param instead what works where the client cannot ask. Default: another client
 * @example
 * const why = explainUnapproved(answer, { state: "It is still there." });
 * return withContent({ id, deleted: false }, { type: "text", text: why });
 */
export function explainUnapproved(
  answer: ElicitAnswer<unknown>,
  {
    state,
    instead = "It needs a client that can (one with the elicitation capability): tell the user so.",
  }: { state: string; instead?: string | undefined },
): string {
  switch (answer.action) {
    case "cancel":
      return `The user closed the question without an answer. ${state} Ask in the conversation whether to go on; if so, call again, and the question is shown once more.`;
    case "unavailable":
      return `This client cannot ask its user. ${state} ${instead}`;
    default:
      // A form that was sent with "no" in it is a "no" too.
      return `The user declined. ${state} Do not call again for the same thing unless the user asks for it.`;
  }
}
