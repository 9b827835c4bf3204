import type { Gate } from "../admission/gate.ts";
import { isToolError } from "../contract/errors.ts";
import { type Decision, scopesOf } from "./access.ts";
import { checkCapabilities, checkScopes } from "./admit.ts";
import type { StateSeal } from "./asking/state-seal.ts";
import { Call } from "./call.ts";
import { execute } from "./execute.ts";
import { mapError, toProtocolError } from "./output/map-error.ts";
import { type Records, record } from "./record.ts";
import type { Normalize, Subject } from "./subject.ts";
import type { WireRequest } from "./wire.ts";

/** What all calls of a server share. */
export interface CallRuntime extends Records {
  readonly gate: Gate;
  readonly seal: StateSeal;
  /** The server's own words for errors it expects. */
  readonly expected: ((error: unknown) => string | undefined) | undefined;
}

/**
 * The governed call path. Every request that runs a handler goes through these six stages in this order: bootstrap,
 * normalize, admit, execute, compose, record. The lists that hold only definitions are pages made at the start.
 *
 * @throws ProtocolError, the only error a protocol binding ever sees, and safe to send as it is
 */
export function runCall(
  runtime: CallRuntime,
  method: string,
  normalize: Normalize,
  params: Record<string, unknown>,
  wire: WireRequest,
): Promise<object> {
  const call = new Call(method, wire, runtime.log);
  const { telemetry } = runtime;
  if (telemetry === undefined) return runStages(runtime, call, normalize, params);
  return telemetry.run(call, params, () => runStages(runtime, call, normalize, params));
}

async function runStages(
  runtime: CallRuntime,
  call: Call,
  normalize: Normalize,
  params: Record<string, unknown>,
): Promise<object> {
  const { gate, seal, expected } = runtime;
  let subject: Subject | undefined;
  let ended: (() => void) | undefined;
  try {
    const normalized = normalize(params, call);
    subject = normalized instanceof Promise ? await normalized : normalized;
    const { decision } = call;
    checkScopes(scopesOf(subject, decision), call);
    checkCapabilities(subject.requiredCapabilities, call);
    if (decision !== undefined) {
      ended = decision.begin?.(call, subject);
      if (decision.confirm !== undefined) subject = withConfirmation(subject, decision.confirm);
    }
    const done = await execute(subject, call, gate, seal);
    if (!("value" in done)) {
      record(runtime, call, "input_required");
      return done;
    }
    const composed = subject.compose(done.value);
    const result = composed instanceof Promise ? await composed : composed;
    gate.bytes.learn(call.name, sizeOf(result));
    record(runtime, call, "ok");
    return result;
  } catch (error) {
    const failure = mapError(error, call, subject, expected);
    const { outcome, shown } = failure;
    // Inside a tool, what went wrong is for the model; before it (no such tool, no scope, no room), for the client.
    const asResult = subject?.failure !== undefined && (isToolError(shown) || outcome === "internal_error");
    record(runtime, call, outcome, failure, asResult);
    if (asResult) return (subject as Required<Subject>).failure(shown);
    throw isToolError(shown) ? (subject?.refuse ?? toProtocolError)(shown) : shown;
  } finally {
    ended?.();
  }
}

/** A person is asked first, on every run of the handler: the answer stands in place on the next one. */
function withConfirmation(subject: Subject, confirm: NonNullable<Decision["confirm"]>): Subject {
  return {
    ...subject,
    async run(call) {
      await confirm(call, call.name, subject.input);
      return subject.run(call);
    },
  };
}

/** About how many bytes a result has on the wire: what is large is text, and tools say it twice. */
function sizeOf(result: { content?: unknown; contents?: unknown }): number {
  let bytes = 0;
  for (const part of (result.content ?? result.contents ?? []) as { text?: string; data?: string; blob?: string }[])
    bytes += (part?.text ?? part?.data ?? part?.blob)?.length ?? 0;
  return 2 * bytes;
}
