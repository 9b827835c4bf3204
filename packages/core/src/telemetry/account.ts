import type { Call } from "../call/call.ts";
import type { Outcome } from "../call/output/map-error.ts";
import { ErrorCode, isProtocolError, type ProtocolError, type ToolError } from "../contract/errors.ts";
import { createLatency, type LatencyOf } from "./latency.ts";
import type { Log } from "./log.ts";
import { type Alert, type BadKind, createSlo, type Slo, type SloOptions } from "./slo.ts";

/** The objective that alerts hold calls against, and who hears of them. */
export interface AccountOptions extends SloOptions {
  /** A call that takes longer than this, in ms, counts as bad although it went well. @default time does not count */
  slowMs?: number | undefined;
  /** Hears of each alert, beside the log. */
  onAlert?: ((alert: Alert) => void) | undefined;
}

/** What a server knows of its own work: latencies, the objective, and what it refused. */
export interface Account {
  /** Counts a call that is over. `ms` is how long it took. */
  end(call: Call, outcome: Outcome, ms: number, shown?: ToolError | ProtocolError): void;
  /** Counts what was refused before it was a call, or as none: `parse`, `too_large`, `forbidden`, … */
  protocolError(reason: string): void;
  readonly protocolErrors: ReadonlyMap<string, number>;
  /** Latencies since the start, by tool. */
  latency(): Record<string, LatencyOf>;
  readonly slo: Slo;
  /** Has each call told to this when it is over; `undefined` ends that. */
  onCall(listener: ((call: Call, outcome: Outcome, ms: number) => void) | undefined): void;
  /** Alerts that began since the start. */
  readonly alerts: Readonly<Record<Alert["severity"], number>>;
}

const REASONS: Record<number, string> = Object.fromEntries(
  Object.entries(ErrorCode).map(([name, code]) => [
    code,
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  ]),
);

export function createAccount(log: Log, { slowMs, onAlert, ...options }: AccountOptions = {}): Account {
  const latency = createLatency();
  const protocolErrors = new Map<string, number>();
  const alerts = { page: 0, ticket: 0 };
  let told: ((call: Call, outcome: Outcome, ms: number) => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const slo = createSlo(options, (alert) => {
    const { state, severity } = alert;
    if (state === "firing") alerts[severity] += 1;
    // One line each, with what to do; a page is the only thing here that cannot wait.
    log[state === "cleared" ? "info" : severity === "page" ? "error" : "warn"]({ ...alert }, "alert");
    // An alert must clear even when no more calls come.
    timer ??= setInterval(() => {
      slo.check(performance.now());
      if (slo.firing.length > 0) return;
      clearInterval(timer);
      timer = undefined;
    }, 60_000).unref();
    onAlert?.(alert);
  });
  const protocolError = (reason: string): void => {
    protocolErrors.set(reason, (protocolErrors.get(reason) ?? 0) + 1);
  };
  return {
    end(call, outcome, ms, shown) {
      if (call.method === "tools/call" && call.name !== "") latency.record(call.name, ms);
      if (outcome === "refused" && isProtocolError(shown)) protocolError(REASONS[shown.code] ?? "other");
      // The client gave up: whether it would have succeeded is unknown.
      if (outcome !== "cancelled") slo.record(badness(outcome, ms, slowMs, shown), call.startedAt + ms);
      told?.(call, outcome, ms);
    },
    onCall(listener) {
      told = listener;
    },
    protocolError,
    protocolErrors,
    latency: latency.snapshot,
    slo,
    alerts,
  };
}

function badness(
  outcome: Outcome,
  ms: number,
  slowMs: number | undefined,
  shown: ToolError | ProtocolError | undefined,
): BadKind | undefined {
  if (outcome === "internal_error" || outcome === "deadline_exceeded") return outcome;
  if (outcome === "refused") {
    if (!isProtocolError(shown) || shown.code !== ErrorCode.overloaded) return undefined;
    // A caller over its own rate limit is refused with the same code, and that is not a failure of the server.
    return (shown.data as { reason?: unknown } | undefined)?.reason === "rate_limited" ? undefined : "overloaded";
  }
  return outcome === "ok" && slowMs !== undefined && ms > slowMs ? "slow" : undefined;
}
