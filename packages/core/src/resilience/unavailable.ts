import { ToolError } from "../contract/errors.ts";
import { type Failure, Refused } from "./failure.ts";

/** The longest that a model is told to wait, in ms: a dependency may ask for an hour, and be back in a minute. */
const MAX_RETRY_MS = 60_000;

/** What a model reads when there is no answer and no fallback. The cause is for the log. */
export function unavailable(name: string, failure: Failure, idempotent: boolean, cause: unknown): ToolError {
  const { retryAfterMs = 1_000, throttled = false, outcome = throttled ? "failed" : "unknown", status } = failure;
  const answered = status === undefined ? undefined : `answered with status ${status}`;
  const facts = { dependency: name, ...(status === undefined ? {} : { status }) };
  if (!idempotent && outcome === "unknown") {
    return new ToolError(
      `${name} ${answered ?? "was asked and gave no answer"}, so this may be done or not. Look before you call again.`,
      { code: "outcome_unknown", data: { ...facts, outcome }, cause },
    );
  }
  const nothing = idempotent ? "" : " Nothing was done.";
  const seconds = Math.max(1, Math.ceil(Math.min(retryAfterMs, MAX_RETRY_MS) / 1_000));
  return new ToolError(`${name} ${answered ?? "is not answering"}.${nothing} Try again in ${seconds} s.`, {
    // Not asked says nothing new of the dependency: the breaker is open, or there is no place.
    code: cause instanceof Refused ? "dependency_not_asked" : "dependency_unavailable",
    retryAfterMs: seconds * 1_000,
    data: facts,
    cause,
  });
}
