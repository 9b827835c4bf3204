import type { ProtocolError, ToolError } from "../contract/errors.ts";
import type { Account } from "../telemetry/account.ts";
import { type Log, OWN_LINE } from "../telemetry/log.ts";
import type { Call } from "./call.ts";
import type { CallFailure, Outcome } from "./map-error.ts";

/** Spans and metrics of calls. There is none unless somebody has set OpenTelemetry up. */
export interface Telemetry {
  /** Runs the stages of a call within its span. */
  run<Result>(call: Call, params: Record<string, unknown>, stages: () => Result): Result;
  /** The call is over. `sent` is the error as the client gets it, and whether that is a result (`isError`). */
  end(call: Call, outcome: Outcome, ms: number, sent?: { error: ToolError | ProtocolError; asResult: boolean }): void;
  traceId(call: Call): string | undefined;
}

/** Where calls are written down. */
export interface Records {
  readonly log: Log;
  readonly account: Account;
  /** Spans and metrics, where somebody has set them up. */
  readonly telemetry: Telemetry | undefined;
}

/**
 * Stage 6, record: one line per call, and what it means for the objective. Arguments and results are not logged; what
 * was masked is logged in full, and the scrubber takes the secrets out of it.
 */
export function record(
  { log, account, telemetry }: Records,
  call: Call,
  outcome: Outcome,
  failure?: CallFailure,
  asResult = false,
): void {
  const ms = performance.now() - call.startedAt;
  account.end(call, outcome, ms, failure?.shown);
  telemetry?.end(call, outcome, ms, failure === undefined ? undefined : { error: failure.shown, asResult });
  const level = outcome === "internal_error" ? "error" : "info";
  if (!log.isLevelEnabled(level)) return;
  log[level](
    {
      method: call.method,
      name: call.name,
      outcome,
      ms: Math.round(ms * 1_000) / 1_000,
      era: call.era,
      caller: call.caller.id,
      client: call.client.name,
      correlationId: call.correlationId,
      ...(telemetry === undefined ? {} : { traceId: telemetry.traceId(call) }),
      ...(failure?.hidden === undefined ? { [OWN_LINE]: true } : { err: asError(failure.hidden) }),
    },
    "call",
  );
}

/** Whatever was thrown, as an error that pino prints with its message and stack. */
function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`a handler threw ${typeof thrown}: ${String(thrown)}`);
}
