import type { ClientCapability } from "../contract/context.ts";
import { ErrorCode, isToolError, ProtocolError, type ToolError } from "../contract/errors.ts";
import { checkCapabilities, checkScopes } from "./admit.ts";
import type { App } from "./app.ts";
import { mapError } from "./compose.ts";
import { Call } from "./context.ts";
import { execute } from "./execute.ts";
import { record } from "./record.ts";
import type { WireRequest } from "./wire.ts";

/** What a request is about, once its parameters are understood: the same shape for a tool, a resource and a prompt. */
export interface Subject {
  scopes?: readonly string[] | undefined;
  requiredCapabilities?: readonly ClientCapability[] | undefined;
  /** Time for one run, in ms. */
  timeoutMs: number;
  /** The input as the client sent it; an approval by the user is bound to it. */
  input: unknown;
  /** Calls the handler. */
  run(call: Call): unknown;
  /** Shapes the handler's value for the wire, or throws. */
  compose(value: unknown): object | Promise<object>;
  /** Where a failure is a result that the model reads (tools), rather than a JSON-RPC error. */
  failure?(shown: ToolError | ProtocolError): object;
  /** Where an expected failure has a JSON-RPC form of its own (a resource that is not there). */
  refuse?(shown: ToolError): ProtocolError;
}

/** Understands the parameters of one method: the second half of stage 2. @throws ProtocolError, ToolError */
export type Normalize = (params: Record<string, unknown>, call: Call) => Subject | Promise<Subject>;

/**
 * The governed call path. Every request a client makes goes through these six stages in this order:
 * bootstrap, normalize, admit, execute, compose, record.
 *
 * @throws ProtocolError, the only error a protocol binding ever sees, and safe to send as it is
 */
export async function runCall(
  app: App,
  method: string,
  normalize: Normalize,
  params: Record<string, unknown>,
  wire: WireRequest,
): Promise<object> {
  const call = new Call(method, wire, app.log);
  let subject: Subject | undefined;
  try {
    const normalized = normalize(params, call);
    subject = normalized instanceof Promise ? await normalized : normalized;
    checkScopes(subject.scopes, call);
    checkCapabilities(subject.requiredCapabilities, call);
    const done = await execute(subject, call, app.gate, app.seal);
    if (!("value" in done)) {
      record(app.log, call, "input_required");
      return done;
    }
    const composed = subject.compose(done.value);
    const result = composed instanceof Promise ? await composed : composed;
    record(app.log, call, "ok");
    return result;
  } catch (error) {
    const { outcome, shown, hidden } = mapError(error, call, subject, app.definition.expected);
    record(app.log, call, outcome, hidden);
    // Inside a tool, what went wrong is for the model; before it (no such tool, no scope, no room), for the client.
    if (subject?.failure !== undefined && (isToolError(shown) || outcome === "internal_error"))
      return subject.failure(shown);
    throw isToolError(shown) ? (subject?.refuse ?? toProtocolError)(shown) : shown;
  }
}

/** Where no model reads results (resources, prompts, lists), an expected failure is an invalid request with its text. */
export function toProtocolError(shown: ToolError): ProtocolError {
  const code = shown.code === undefined ? {} : { reason: shown.code };
  return new ProtocolError(ErrorCode.invalidParams, shown.message, { ...code, ...shown.data });
}
