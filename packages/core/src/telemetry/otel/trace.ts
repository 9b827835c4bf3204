import type { Context, Span, TextMapGetter } from "@opentelemetry/api";
import type { Call } from "../../call/call.ts";
import type { Outcome } from "../../call/output/map-error.ts";
import type { WireRequest } from "../../call/wire.ts";

type Api = typeof import("@opentelemetry/api");

/** How a call ended, in the words of the conventions. */
export interface Ending {
  outcome: Outcome;
  /** `error.type`: the JSON-RPC code, or `tool_error` for a result with `isError`. */
  error?: string | undefined;
  status?: string | undefined;
}

/** Longest baggage taken over, in characters: the limit of W3C Baggage. All of a longer one is dropped. */
const MAX_BAGGAGE = 8_192;

/** The request's `_meta` as the propagators read it: unprefixed keys, as SEP-414 has it. */
const fromMeta: TextMapGetter<Record<string, unknown>> = {
  keys: (meta) => Object.keys(meta),
  get: (meta, key) => {
    const value = Object.hasOwn(meta, key) ? meta[key] : undefined;
    return typeof value === "string" && !(key === "baggage" && value.length > MAX_BAGGAGE) ? value : undefined;
  },
};

/**
 * A span of kind SERVER for each call, by the semantic conventions for MCP (status: development):
 * https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 *
 * Neither arguments nor results become attributes; nor do a resource's URI (its variables are arguments) and the texts
 * of errors, which may quote them.
 */
export function createTracing({
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
}: Api) {
  const tracer = trace.getTracer("@offshoot/core");
  const spans = new WeakMap<Call, Span>();

  /** The client's context where it sent one. HTTP has one of its own, and one request of it may carry several calls. */
  const parentOf = ({ meta, transport }: WireRequest): { parent: Context; ambient: Span | undefined } => {
    // On a pipe, an active span belongs to another call that runs in the same turn of the event loop.
    const base = transport === "tcp" ? context.active() : ROOT_CONTEXT;
    const parent = meta === undefined ? base : propagation.extract(base, meta, fromMeta);
    const ambient = trace.getSpan(base);
    return { parent, ambient: ambient === trace.getSpan(parent) ? undefined : ambient };
  };

  return {
    /** Runs a call within its span, so that whatever its handler asks of others goes on with the same trace. */
    run<Result>(call: Call, target: string | undefined, attributes: Record<string, string>, stages: () => Result) {
      const { parent, ambient } = parentOf(call.wire);
      const { requestId, sessionId } = call.wire;
      const span = tracer.startSpan(
        target === undefined ? call.method : `${call.method} ${target}`,
        {
          kind: SpanKind.SERVER,
          attributes: {
            ...attributes,
            ...(requestId !== undefined && { "jsonrpc.request.id": String(requestId) }),
            ...(sessionId !== undefined && { "mcp.session.id": sessionId }),
            "offshoot.correlation_id": call.correlationId,
          },
          ...(ambient !== undefined && { links: [{ context: ambient.spanContext() }] }),
        },
        parent,
      );
      spans.set(call, span);
      return context.with(trace.setSpan(parent, span), stages) as Result;
    },
    end(call: Call, { outcome, error, status }: Ending): void {
      const span = spans.get(call);
      if (span === undefined) return;
      span.setAttribute("offshoot.outcome", outcome);
      if (error !== undefined) {
        span.setAttribute("error.type", error);
        if (status !== undefined) span.setAttribute("rpc.response.status_code", status);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
    /** For the log: which trace a call belongs to, when it is recorded. */
    idOf(call: Call): string | undefined {
      const span = spans.get(call)?.spanContext();
      return span !== undefined && isSpanContextValid(span) ? span.traceId : undefined;
    },
  };
}
