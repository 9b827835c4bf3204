import { ErrorCode, isProtocolError, isToolError, ProtocolError, ToolError } from "../../contract/errors.ts";
import type { Call } from "../call.ts";
import { Stopped, timeoutError } from "../stopped.ts";
import type { Subject } from "../subject.ts";
import { plain } from "./plain.ts";

/** What became of a call, for the record. */
export type Outcome =
  | "ok"
  | "input_required"
  | "tool_error"
  | "refused"
  | "cancelled"
  | "deadline_exceeded"
  | "internal_error";

/** An error, split into what the client may see and what the log keeps. */
export interface CallFailure {
  outcome: Outcome;
  /** Shown as written: plain data, whatever the handler threw. */
  shown: ToolError | ProtocolError;
  /** Logged, never shown: the error that was masked. */
  hidden?: unknown;
}

type Expected = ((error: unknown) => string | undefined) | undefined;

/** Longest text of a failure, in characters. A model needs a sentence, and a longer text is a bug's. */
const MAX_MESSAGE = 65_536;
/** Longest code of a failure, in characters: a word for programs. */
const MAX_CODE = 128;

/**
 * Stage 5 for errors: only a `ToolError` (or what the server's `expected` makes one) and core's own refusals are shown.
 * Never throws: a value whose very look throws (a proxy, a getter) is masked like any bug.
 */
export function mapError(error: unknown, call: Call, subject: Subject | undefined, expected: Expected): CallFailure {
  try {
    return classify(error, call, subject, expected);
  } catch {
    return mask(error, call);
  }
}

function classify(error: unknown, call: Call, subject: Subject | undefined, expected: Expected): CallFailure {
  if (error instanceof Stopped || call.cancelled) {
    if (error instanceof Stopped && error.why === "deadline") {
      return { outcome: "deadline_exceeded", shown: timeoutError(call.name, subject?.timeoutMs ?? 0) };
    }
    return { outcome: "cancelled", shown: new ToolError("The call was cancelled.", { code: "cancelled" }) };
  }
  if (isProtocolError(error)) {
    if (error instanceof ProtocolError) return { outcome: "refused", shown: error };
    const { code, message, data } = error as ProtocolError;
    return { outcome: "refused", shown: new ProtocolError(plain(code), textOf(message), factsOf(data).facts) };
  }
  if (isToolError(error)) {
    const { facts, problem } = factsOf(error.data);
    const hidden = error.cause ?? problem;
    const shown = new ToolError(textOf(error.message), {
      ...codeOf(error),
      ...(Number.isFinite(error.retryAfterMs) && { retryAfterMs: error.retryAfterMs as number }),
      ...(facts !== undefined && { data: facts }),
    });
    return { outcome: "tool_error", shown, ...(hidden !== undefined && { hidden }) };
  }
  const text = expectedText(error, expected);
  if (text !== undefined) return { outcome: "tool_error", shown: new ToolError(textOf(text), codeOf(error)) };
  return mask(error, call);
}

const mask = (hidden: unknown, call: Call): CallFailure => ({
  outcome: "internal_error",
  shown: new ProtocolError(
    ErrorCode.internal,
    `${call.name === "" ? call.method : call.name} failed for a reason inside the server. Report the correlation id ${call.correlationId}; the server's log has the details.`,
    { correlationId: call.correlationId },
  ),
  // Something was thrown, also where it is `undefined`: the line says so.
  hidden: hidden ?? new Error(`a handler threw ${hidden}`),
});

/** @throws TypeError for what is not text: such an error is masked */
function textOf(message: unknown): string {
  if (typeof message !== "string") throw new TypeError("not text");
  return (message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message).toWellFormed();
}

/** An error's facts, as far as they are JSON: without them, what it says still holds. */
function factsOf(data: unknown): { facts?: Record<string, unknown> | undefined; problem?: unknown } {
  if (data === undefined) return {};
  try {
    const facts = plain(data) as Record<string, unknown>;
    const small = typeof facts === "object" && facts !== null && JSON.stringify(facts).length <= MAX_MESSAGE;
    return small ? { facts } : { problem: new Error(`the data of an error is no object or too large`) };
  } catch (problem) {
    return { problem };
  }
}

function expectedText(error: unknown, expected: Expected): string | undefined {
  try {
    return expected?.(error);
  } catch {
    return undefined;
  }
}

const codeOf = (error: unknown): { code?: string | undefined } => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? { code: code.slice(0, MAX_CODE).toWellFormed() } : {};
};

/**
 * Where no model reads results (resources, prompts, lists), an expected failure is an invalid request with its text.
 */
export function toProtocolError(shown: ToolError): ProtocolError {
  const code = shown.code === undefined ? {} : { reason: shown.code };
  return new ProtocolError(ErrorCode.invalidParams, shown.message, { ...code, ...shown.data });
}
