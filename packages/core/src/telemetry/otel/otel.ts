import type { Meter, MeterProvider } from "@opentelemetry/api";
import type { Telemetry } from "../../call/record.ts";
import { SettingsError } from "../../flags.ts";
import type { Log } from "../log.ts";
import type { MeasuredServer } from "./metrics.ts";
import { createTelemetry } from "./telemetry.ts";

type Api = typeof import("@opentelemetry/api");

/** Loads `@opentelemetry/api`, which a user's SDK brings along. @throws SettingsError naming what to install */
export async function loadApi(why: string): Promise<Api> {
  try {
    return await import("@opentelemetry/api");
  } catch (cause) {
    throw new SettingsError(`${why} needs @opentelemetry/api. Install it: npm install @opentelemetry/api`, { cause });
  }
}

/**
 * Telemetry that goes where the process's OpenTelemetry SDK sends it, and to a provider of the server's own when it has
 * one (`--metrics`).
 */
export function openTelemetry(api: Api, own?: MeterProvider): (app: MeasuredServer) => Telemetry {
  return (app) => {
    warnOfStrangers(api, app.log);
    const meterOf = (provider: MeterProvider): Meter => provider.getMeter("@offshoot/core");
    const providers = new Set([api.metrics.getMeterProvider(), ...(own === undefined ? [] : [own])]);
    return createTelemetry(api, [...providers].map(meterOf), app);
  };
}

/** An API older than the one loaded here is not used by it, in silence: every span would be lost. */
function warnOfStrangers({ trace, metrics }: Api, log: Log): void {
  const registered = (
    globalThis as Record<symbol, { trace?: unknown; metrics?: unknown; version?: string | undefined } | undefined>
  )[Symbol.for("opentelemetry.js.api.1")];
  if (registered?.trace !== undefined && trace.getTracerProvider() !== registered.trace)
    log.warn({ registered: registered.version }, "spans are lost: two versions of @opentelemetry/api are installed");
  if (registered?.metrics !== undefined && metrics.getMeterProvider() !== registered.metrics)
    log.warn({ registered: registered.version }, "metrics are lost: two versions of @opentelemetry/api are installed");
}
