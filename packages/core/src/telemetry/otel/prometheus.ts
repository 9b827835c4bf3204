import type { IncomingMessage, ServerResponse } from "node:http";
import type { MeterProvider } from "@opentelemetry/api";
import { SettingsError } from "../../flags.ts";

/** What `GET /metrics` answers with, and where its numbers come from. */
export interface Prometheus {
  provider: MeterProvider;
  answer(request: IncomingMessage, response: ServerResponse): void;
}

/** Metrics in Prometheus' text format, by OpenTelemetry's exporter. @throws SettingsError naming what to install */
export async function openPrometheus(): Promise<Prometheus> {
  try {
    const [{ PrometheusExporter }, { MeterProvider }] = await Promise.all([
      import("@opentelemetry/exporter-prometheus"),
      import("@opentelemetry/sdk-metrics"),
    ]);
    const exporter = new PrometheusExporter({ preventServerStart: true });
    return {
      provider: new MeterProvider({ readers: [exporter] }),
      answer: (request, response) => exporter.getMetricsRequestHandler(request, response),
    };
  } catch (cause) {
    throw new SettingsError(
      "--metrics needs two packages that are not installed: npm install @opentelemetry/exporter-prometheus @opentelemetry/sdk-metrics",
      { cause },
    );
  }
}
