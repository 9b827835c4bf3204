import type { Gate } from "../admission/gate.ts";
import { isToolError } from "../contract/errors.ts";
import type { Log } from "../telemetry/log.ts";
import { checkCapabilities, checkScopes } from "./admit.ts";
import type { StateSeal } from "./ask.ts";
import { mapError, toProtocolError } from "./compose.ts";
import { Call } from "./context.ts";
import { execute } from "./execute.ts";
import { record } from "./record.ts";
import type { Normalize, Subject } from "./subject.ts";
import type { WireRequest } from "./wire.ts";

/** What all calls of a server share. */
export interface CallRuntime {
  readonly log: Log;
  readonly gate: Gate;
  readonly seal: StateSeal;
  /** The server's own words for errors it expects. */
  readonly expected: ((error: unknown) => string | undefined) | undefined;
}

/**
 * The governed call path. Every request a client makes goes through these six stages in this order:
 * bootstrap, normalize, admit, execute, compose, record.
 *
 * @throws ProtocolError, the only error a protocol binding ever sees, and safe to send as it is
 */
export async function runCall(
  runtime: CallRuntime,
  method: string,
  normalize: Normalize,
  params: Record<string, unknown>,
  wire: WireRequest,
): Promise<object> {
  const { log, gate, seal, expected } = runtime;
  const call = new Call(method, wire, log);
  let subject: Subject | undefined;
  try {
    const normalized = normalize(params, call);
    subject = normalized instanceof Promise ? await normalized : normalized;
    checkScopes(subject.scopes, call);
    checkCapabilities(subject.requiredCapabilities, call);
    const done = await execute(subject, call, gate, seal);
    if (!("value" in done)) {
      record(log, call, "input_required");
      return done;
    }
    const composed = subject.compose(done.value);
    const result = composed instanceof Promise ? await composed : composed;
    record(log, call, "ok");
    return result;
  } catch (error) {
    const { outcome, shown, hidden } = mapError(error, call, subject, expected);
    record(log, call, outcome, hidden);
    // Inside a tool, what went wrong is for the model; before it (no such tool, no scope, no room), for the client.
    if (subject?.failure !== undefined && (isToolError(shown) || outcome === "internal_error"))
      return subject.failure(shown);
    throw isToolError(shown) ? (subject?.refuse ?? toProtocolError)(shown) : shown;
  }
}
