import type { Meter } from "@opentelemetry/api";
import type { Call } from "../../call/call.ts";
import type { Outcome } from "../../call/output/map-error.ts";
import type { Telemetry } from "../../call/record.ts";
import type { WireRequest } from "../../call/wire.ts";
import { isProtocolError, type ProtocolError, type ToolError } from "../../contract/errors.ts";
import { createMetrics, type MeasuredServer } from "./metrics.ts";
import { createTracing, type Ending } from "./trace.ts";

type Api = typeof import("@opentelemetry/api");

/** Distinct names of tools and prompts on metrics; each is a time series for every outcome. */
const MAX_NAMES = 200;
const OTHER = "_other";

/** @param meters where the numbers go: that of the process, and that of `--metrics` */
export function createTelemetry(api: Api, meters: readonly Meter[], app: MeasuredServer): Telemetry {
  const tracing = createTracing(api);
  const instruments = meters.map((meter) => createMetrics(meter, app));
  const labels = new WeakMap<Call, Record<string, string>>();
  const names = new Set<string>();
  const counted = (name: string): string => {
    if (names.has(name)) return name;
    if (names.size >= MAX_NAMES) return OTHER;
    names.add(name);
    return name;
  };
  return {
    run(call, params, stages) {
      const named = nameOf(app, call.method, params);
      const common = { "mcp.method.name": call.method, ...transportOf(call.wire) };
      labels.set(call, named === undefined ? common : { ...common, ...attributeOf(call.method, counted(named)) });
      const known = named === OTHER ? undefined : named;
      const { protocolVersion } = call.wire;
      const attributes = {
        ...common,
        ...(known !== undefined && attributeOf(call.method, known)),
        // On the span alone: the client chooses the value, and each new one would be a time series.
        ...(app.identity?.config !== undefined && { "offshoot.config.digest": app.identity.config }),
        ...(protocolVersion !== undefined && { "mcp.protocol.version": protocolVersion }),
      };
      return tracing.run(call, known, attributes, stages);
    },
    end(call, outcome, ms, sent) {
      const ending = endingOf(outcome, sent);
      tracing.end(call, ending);
      const attributes = {
        ...labels.get(call),
        "offshoot.outcome": outcome,
        ...(ending.error !== undefined && { "error.type": ending.error }),
        ...(ending.status !== undefined && { "rpc.response.status_code": ending.status }),
      };
      for (const record of instruments) record(ms / 1_000, attributes);
    },
    traceId: tracing.idOf,
  };
}

/**
 * The tool or prompt that a request names. What the server does not have is `_other`: a client could make up any
 * number.
 */
function nameOf({ definition }: MeasuredServer, method: string, { name }: Record<string, unknown>): string | undefined {
  const known = method === "tools/call" ? definition.tools : method === "prompts/get" ? definition.prompts : undefined;
  if (known === undefined) return undefined;
  return typeof name === "string" && known.has(name) ? name : OTHER;
}

const attributeOf = (method: string, name: string): Record<string, string> =>
  method === "tools/call"
    ? { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name }
    : { "gen_ai.prompt.name": name };

const transportOf = ({ transport }: WireRequest): Record<string, string> => ({
  "network.transport": transport,
  ...(transport === "tcp" && { "network.protocol.name": "http" }),
});

function endingOf(outcome: Outcome, sent: { error: ToolError | ProtocolError; asResult: boolean } | undefined): Ending {
  // The client cancelled: there is no answer that could be an error.
  if (sent === undefined || outcome === "cancelled") return { outcome };
  if (sent.asResult) return { outcome, error: "tool_error" };
  const code = isProtocolError(sent.error) ? String(sent.error.code) : "_OTHER";
  return { outcome, error: code, status: code };
}
