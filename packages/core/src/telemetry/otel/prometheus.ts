import type { IncomingMessage, ServerResponse } from "node:http";
import type { MeterProvider } from "@opentelemetry/api";
import { SettingsError } from "../../flags.ts";
import { instanceName } from "../../instance.ts";

/** What `GET /metrics` answers with, and where its numbers come from. */
export interface Prometheus {
  provider: MeterProvider;
  answer(request: IncomingMessage, response: ServerResponse): void;
}

/** Metrics in Prometheus' text format, by OpenTelemetry's exporter. @throws SettingsError naming what to install */
export async function openPrometheus({ name, version }: { name: string; version: string }): Promise<Prometheus> {
  try {
    const [{ PrometheusExporter }, { MeterProvider }] = await Promise.all([
      import("@opentelemetry/exporter-prometheus"),
      import("@opentelemetry/sdk-metrics"),
    ]);
    const exporter = new PrometheusExporter({ preventServerStart: true });
    const attributes = {
      "service.name": name,
      "service.version": version,
      "service.instance.id": instanceName(),
    };
    // Plain, because their package of resources is one more to install: nothing is merged, nothing comes later.
    const resource = {
      attributes,
      getRawAttributes: () => Object.entries(attributes),
      merge: () => resource,
    } as unknown as NonNullable<ConstructorParameters<typeof MeterProvider>[0]>["resource"] & object;
    return {
      provider: new MeterProvider({ readers: [exporter], resource }),
      answer: (request, response) => exporter.getMetricsRequestHandler(request, response),
    };
  } catch (cause) {
    throw new SettingsError(
      "--metrics needs two packages that are not installed: npm install @opentelemetry/exporter-prometheus @opentelemetry/sdk-metrics",
      { cause },
    );
  }
}
