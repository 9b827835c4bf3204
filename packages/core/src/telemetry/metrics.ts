import type { Attributes, Meter } from "@opentelemetry/api";
import type { App } from "../call/app.ts";
import type { Alert } from "./slo.ts";

/** Boundaries that the conventions ask for, in seconds. */
const SECONDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

const WINDOWS = { "5m": 5, "1h": 60, "6h": 360, "3d": 4_320 };

/**
 * The instruments of one server on one meter: the histogram of the conventions for MCP, and gauges of our own that are
 * read when somebody collects them.
 *
 * @returns how to record the duration of a call, in seconds
 */
export function createInstruments(meter: Meter, app: App): (seconds: number, attributes: Attributes) => void {
  const duration = meter.createHistogram("mcp.server.operation.duration", {
    unit: "s",
    description: "Time from receiving a request to its result",
    advice: { explicitBucketBoundaries: SECONDS },
  });
  const gauge = (name: string, description: string, read: () => number | undefined, unit = "{call}"): void => {
    meter.createObservableGauge(name, { description, unit }).addCallback((result) => {
      const value = read();
      if (value !== undefined) result.observe(value);
    });
  };
  gauge("offshoot.calls.running", "Handlers that run", () => app.gate.running);
  gauge("offshoot.calls.waiting", "Calls that wait for a place", () => app.gate.waiting);

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
