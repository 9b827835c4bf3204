import type { Log } from "../telemetry/log.ts";
import type { Outcome } from "./compose.ts";
import type { Call } from "./context.ts";

/**
 * Stage 6, record: one line per call. Arguments and results are not logged; what was masked is logged in full, and
 * the scrubber takes the secrets out of it.
 */
export function record(log: Log, call: Call, outcome: Outcome, hidden?: unknown): void {
  const level = outcome === "internal_error" ? "error" : "info";
  if (!log.isLevelEnabled(level)) return;
  log[level](
    {
      method: call.method,
      name: call.name,
      outcome,
      ms: Math.round((performance.now() - call.startedAt) * 1_000) / 1_000,
      era: call.era,
      caller: call.caller.id,
      client: call.client.name,
      correlationId: call.correlationId,
      ...(hidden === undefined ? {} : { err: asError(hidden) }),
    },
    "call",
  );
}

/** Whatever was thrown, as an error that pino prints with its message and stack. */
function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`a handler threw ${typeof thrown}: ${String(thrown)}`);
}
