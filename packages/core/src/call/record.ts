import type { Era, Logger } from "../contract/context.ts";
import type { ProtocolError, ToolError } from "../contract/errors.ts";
import type { Call } from "./call.ts";
import type { CallFailure, Outcome } from "./output/map-error.ts";

/** What the log keeps of a call. All of it is core's own but for `name`, `caller` and `client`. */
export interface CallLine {
  method: string;
  name: string;
  outcome: Outcome;
  ms: number;
  era: Era;
  caller: string;
  client: string | undefined;
  correlationId: string;
  /** The version of the tool that its client pinned. */
  version: string | undefined;
  /** How many values of its input were made to fit. */
  coerced: number | undefined;
  traceId: string | undefined;
}

/** Spans and metrics of calls. There is none unless OpenTelemetry is set up. */
export interface Telemetry {
  /** Runs the stages of a call within its span. */
  run<Result>(call: Call, params: Record<string, unknown>, stages: () => Result): Result;
  /** The call is over. `sent` is the error as the client gets it, and whether that is a result (`isError`). */
  end(call: Call, outcome: Outcome, ms: number, sent?: { error: ToolError | ProtocolError; asResult: boolean }): void;
  traceId(call: Call): string | undefined;
}

/** Where calls are written down. */
export interface Records {
  readonly log: Logger & {
    isLevelEnabled(level: "info" | "error"): boolean;
    /** Writes the line of a call of which nothing was masked. */
    call(line: CallLine): void;
  };
  /** Counts a call that is over. `ms` is how long it took. */
  readonly account: { end(call: Call, outcome: Outcome, ms: number, shown?: ToolError | ProtocolError): void };
  /** Spans and metrics, where they are set up. */
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
  try {
    write({ log, account, telemetry }, call, outcome, failure, asResult);
  } catch (error) {
    // What became of the call is decided: a record that fails must not turn a success into an error, or unmask one.
    log.error({ name: call.name, correlationId: call.correlationId, err: error }, "call not recorded");
  }
}

function write(
  { log, account, telemetry }: Records,
  call: Call,
  outcome: Outcome,
  failure: CallFailure | undefined,
  asResult: boolean,
): void {
  const ms = performance.now() - call.startedAt;
  account.end(call, outcome, ms, failure?.shown);
  call.trial?.end(outcome);
  telemetry?.end(call, outcome, ms, failure === undefined ? undefined : { error: failure.shown, asResult });
  const level = outcome === "internal_error" ? "error" : "info";
  if (!log.isLevelEnabled(level)) return;
  const line: CallLine = {
    method: call.method,
    name: call.name,
    outcome,
    ms: Math.round(ms * 1_000) / 1_000,
    era: call.era,
    caller: call.caller.id,
    client: call.client.name,
    correlationId: call.correlationId,
    version: call.version,
    coerced: call.coerced > 0 ? call.coerced : undefined,
    traceId: telemetry?.traceId(call),
  };
  if (failure?.hidden === undefined) log.call(line);
  else log[level]({ ...line, err: failure.hidden }, "call");
}
