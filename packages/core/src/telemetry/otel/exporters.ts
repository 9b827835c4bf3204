import type { Telemetry } from "../../call/record.ts";
import { SettingsError } from "../../flags.ts";
import type { Log } from "../log.ts";
import type { MeasuredServer } from "./metrics.ts";
import type { Prometheus } from "./prometheus.ts";

/** Where `@opentelemetry/api` keeps what an SDK has registered, whichever package loaded it. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

/**
 * Loads OpenTelemetry when something listens, and nothing otherwise: a start that is not watched pays for
 * one look at a global.
 *
 * @throws SettingsError naming what is not installed or does not fit
 */
export async function openExporters(
  service: { name: string; version: string },
  { transport, metrics }: { transport: string; metrics: boolean },
  wanted: boolean | undefined,
  log: Log,
): Promise<{ prometheus?: Prometheus | undefined; telemetry?: ((app: MeasuredServer) => Telemetry) | undefined }> {
  if (metrics && transport !== "http")
    throw new SettingsError("--metrics is answered over HTTP. Add --transport http, or leave it out.");
  const registered = REGISTERED in globalThis;
  if (!metrics && (wanted === false || !(wanted || registered))) return {};
  const { loadApi, openTelemetry } = await import("./otel.ts");
  if (!metrics && !wanted) {
    // An SDK that is preloaded in every process was not asked for here: the server goes on without it.
    const api = await loadApi("Telemetry").catch((error: Error) => log.warn({ reason: error.message }, "no telemetry"));
    return api === undefined ? {} : { telemetry: openTelemetry(api) };
  }
  const api = await loadApi(metrics ? "--metrics" : "Telemetry");
  if (!metrics) return { telemetry: openTelemetry(api) };
  const { openPrometheus } = await import("./prometheus.ts");
  const prometheus = await openPrometheus(service);
  // What the user's own code measures is answered too, unless an SDK of the user's has a place for it.
  api.metrics.setGlobalMeterProvider(prometheus.provider);
  return { prometheus, telemetry: openTelemetry(api, prometheus.provider) };
}
