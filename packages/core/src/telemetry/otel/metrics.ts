import type { Attributes, Meter } from "@opentelemetry/api";
import type { DependencySnapshot } from "../../contract/dependency.ts";
import type { ServerDefinition } from "../../contract/server.ts";
import type { Account } from "../account.ts";
import type { Log } from "../log.ts";
import type { Alert } from "../slo.ts";
import { countLostLines } from "../stderr.ts";

/** What is measured of a server. */
export interface MeasuredServer {
  readonly definition: Pick<ServerDefinition, "tools" | "prompts" | "dependencies">;
  readonly identity?: { readonly config?: string | undefined } | undefined;
  readonly rollouts?: { snapshot(): { tool: string; share: number; failedGates: number }[] } | undefined;
  readonly log: Log;
  readonly account: Account;
  readonly gate: {
    readonly mode: string;
    snapshot(): { running: number; waiting: number; limit: number; refused: Readonly<Record<string, number>> };
  };
}

/** Boundaries that the conventions ask for, in seconds. */
const SECONDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

const MODES = ["normal", "degraded", "foreground-only"];
const BREAKERS = ["closed", "open", "half-open"];

const WINDOWS = { "5m": 5, "1h": 60, "6h": 360, "3d": 4_320 };

/**
 * The instruments of one server on one meter: the histogram of the conventions for MCP, and gauges of our own that are
 * read when they are collected.
 *
 * @returns how to record the duration of a call, in seconds
 */
export function createMetrics(meter: Meter, app: MeasuredServer): (seconds: number, attributes: Attributes) => void {
  const duration = meter.createHistogram("mcp.server.operation.duration", {
    unit: "s",
    description: "Time from receiving a request to its result",
    advice: { explicitBucketBoundaries: SECONDS },
  });
  observeGate(meter, app);
  observeDependencies(meter, app);
  meter
    .createObservableGauge("offshoot.rollout.share", {
      description: "Callers that a tool's candidate answers, in percent",
      unit: "%",
    })
    .addCallback((result) => {
      for (const { tool, share } of app.rollouts?.snapshot() ?? []) result.observe(share, { tool });
    });
  meter
    .createObservableCounter("offshoot.log.lost", {
      description: "Log lines that stderr did not take",
      unit: "{line}",
    })
    .addCallback((result) => result.observe(countLostLines()));

  meter
    .createObservableCounter("offshoot.protocol_errors", {
      description: "Messages and calls refused, by reason",
      unit: "{error}",
    })
    .addCallback((result) => {
      for (const [reason, count] of app.account.protocolErrors) result.observe(count, { reason });
    });
  meter
    .createObservableCounter("offshoot.slo.alerts", { description: "Alerts that began", unit: "{alert}" })
    .addCallback((result) => {
      for (const severity of ["page", "ticket"] as const) result.observe(app.account.alerts[severity], { severity });
    });
  meter
    .createObservableGauge("offshoot.slo.firing", { description: "1 while the alert fires", unit: "1" })
    .addCallback((result) => {
      const fires = (severity: Alert["severity"]) =>
        app.account.slo.firing.some((alert) => alert.severity === severity);
      for (const severity of ["page", "ticket"] as const) result.observe(fires(severity) ? 1 : 0, { severity });
    });
  meter
    .createObservableGauge("offshoot.slo.burn_rate", {
      description: "Error budget spent, 1 being as fast as the objective allows",
      unit: "1",
    })
    .addCallback((result) => {
      for (const [window, minutes] of Object.entries(WINDOWS))
        result.observe(app.account.slo.burnRate(minutes), { window });
    });
  return (seconds, attributes) => duration.record(seconds, attributes);
}

function observeGate(meter: Meter, app: MeasuredServer): void {
  const gauge = (name: "running" | "waiting" | "limit", description: string): void => {
    meter.createObservableGauge(`offshoot.calls.${name}`, { description, unit: "{call}" }).addCallback((result) => {
      result.observe(app.gate.snapshot()[name]);
    });
  };
  gauge("running", "Handlers that run");
  gauge("waiting", "Calls that wait for a place");
  gauge("limit", "Handlers that may run at once");
  meter
    .createObservableGauge("offshoot.mode", { description: "1 for the mode the server is in", unit: "1" })
    .addCallback((result) => {
      for (const mode of MODES) result.observe(mode === app.gate.mode ? 1 : 0, { mode });
    });
  meter
    .createObservableCounter("offshoot.calls.refused", {
      description: "Calls refused because there was no room",
      unit: "{call}",
    })
    .addCallback((result) => {
      for (const [reason, count] of Object.entries(app.gate.snapshot().refused)) result.observe(count, { reason });
    });
}

function observeDependencies(meter: Meter, app: MeasuredServer): void {
  type Count = Exclude<keyof DependencySnapshot, "breaker" | "forced" | "cache">;
  const dependencies = [...app.definition.dependencies.values()];
  const each = (name: Count): ((result: { observe(value: number, attributes: Attributes): void }) => void) => {
    return (result) => {
      for (const one of dependencies) result.observe(one.snapshot()[name], { dependency: one.name });
    };
  };
  const gauge = (name: string, key: Count, description: string): void =>
    meter
      .createObservableGauge(`offshoot.dependency.${name}`, { description, unit: "{attempt}" })
      .addCallback(each(key));
  const counter = (key: Count, description: string): void =>
    meter
      .createObservableCounter(`offshoot.dependency.${key}`, { description, unit: "{attempt}" })
      .addCallback(each(key));
  gauge("in_flight", "inFlight", "Attempts that run");
  gauge("waiting", "waiting", "Attempts that wait for a place");
  gauge("limit", "limit", "Attempts that may run at once");
  counter("calls", "Times that a handler asked");
  counter("hits", "Attempts that reached the dependency");
  counter("retries", "Attempts that were not the first");
  counter("failures", "Attempts that failed through the dependency");
  counter("refused", "Attempts that the breaker or the limit refused");
  counter("fallbacks", "Answers that were not of now");
  meter
    .createObservableGauge("offshoot.dependency.breaker", {
      description: "1 for the state the breaker is in",
      unit: "1",
    })
    .addCallback((result) => {
      for (const one of dependencies) {
        const { breaker } = one.snapshot();
        for (const state of BREAKERS) result.observe(state === breaker ? 1 : 0, { dependency: one.name, state });
      }
    });
}
