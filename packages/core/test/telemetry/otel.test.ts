// Spans and metrics as a user's own OpenTelemetry SDK receives them, of calls by real clients on every wire.
import * as api from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  type HistogramMetricData,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createApp } from "../../src/app.ts";
import { quietWire } from "../../src/call/wire.ts";
import { defineServer, defineTool } from "../../src/index.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { openTelemetry } from "../../src/telemetry/otel/otel.ts";
import { connect, WIRES } from "../../src/testing/index.ts";
import { createLab } from "../fixtures/lab.ts";

const spans = new InMemorySpanExporter();
const numbers = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: numbers, exportIntervalMillis: 3_600_000 });
const meterProvider = new MeterProvider({ readers: [reader] });
api.trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }),
);
api.metrics.setGlobalMeterProvider(meterProvider);
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
api.propagation.setGlobalPropagator(
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
);
afterEach(() => spans.reset());
afterAll(async () => {
  await meterProvider.shutdown();
  for (const global of [api.trace, api.metrics, api.context, api.propagation]) global.disable();
});

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const telemetry = openTelemetry(api);

async function metrics(): Promise<Map<string, MetricData>> {
  numbers.reset();
  await meterProvider.forceFlush();
  const [collected] = numbers.getMetrics();
  return new Map(collected?.scopeMetrics.flatMap((scope) => scope.metrics).map((one) => [one.descriptor.name, one]));
}

const lastOf = (collected: Map<string, MetricData>, name: string): unknown =>
  collected
    .get(name)
    ?.dataPoints.map(({ value }) => value)
    .at(-1);

const finished = (name: string) => spans.getFinishedSpans().filter((span) => span.name === name);

describe.each(WIRES)("%s", (wire) => {
  const client = () => connect(createLab().server, { wire, telemetry });

  test("a call is a span of kind SERVER by the conventions for MCP, without arguments or results", async () => {
    const lab = await client();
    await lab.call("echo", { text: "a private word" });
    await lab.close();
    const [span] = finished("tools/call echo");
    expect(span).toMatchObject({
      kind: api.SpanKind.SERVER,
      status: { code: api.SpanStatusCode.UNSET },
      attributes: {
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "echo",
        "network.transport": wire.startsWith("stdio") ? "pipe" : "tcp",
        "offshoot.outcome": "ok",
        "jsonrpc.request.id": expect.stringMatching(/^\d+$/),
        ...(wire.endsWith("2026") && { "mcp.protocol.version": "2026-07-28" }),
        ...(wire === "http-2025" && { "mcp.session.id": expect.any(String) }),
      },
    });
    expect(JSON.stringify(span?.attributes)).not.toContain("private");
  });

  test.each([
    ["an error result", "refuses", "tool_error", "tool_error", undefined],
    ["a masked error", "throws_secret", "tool_error", "internal_error", undefined],
    ["a refused call", "no_such_tool", "-32602", "refused", "-32602"],
  ])("%s has its error.type, and says nothing of what was thrown", async (_what, name, error, outcome, code) => {
    const lab = await client();
    await lab.call(name).catch(() => {});
    await lab.close();
    const [span] = spans.getFinishedSpans();
    expect(span?.name).toBe(name === "no_such_tool" ? "tools/call" : `tools/call ${name}`);
    expect(span?.status).toEqual({ code: api.SpanStatusCode.ERROR });
    expect(span?.attributes).toMatchObject({ "error.type": error, "offshoot.outcome": outcome });
    expect(span?.attributes["rpc.response.status_code"]).toBe(code);
    expect(span?.events).toEqual([]);
    expect(JSON.stringify(span?.attributes)).not.toMatch(/hunter2|no_such_tool/);
  });

  test("the client's trace goes on through the handler into what the handler asks of others", async () => {
    const outside = api.trace.getTracer("the user's http client");
    const seen: (string | undefined)[] = [];
    const server = defineServer({
      name: "traced",
      version: "1.0.0",
      tools: [
        defineTool({
          name: "fetch_it",
          title: "Fetch",
          description: "Asks another service.",
          inputSchema: z.object({}),
          outputSchema: z.object({}),
          handler: async () => {
            await new Promise((resolve) => setImmediate(resolve));
            outside.startSpan("GET").end();
            seen.push(api.propagation.getActiveBaggage()?.getEntry("tenant")?.value);
            return {};
          },
        }),
      ],
    });
    const log: string[] = [];
    const lab = await connect(server, { wire, telemetry, log });
    const call = (meta: Record<string, unknown>) =>
      lab.request("tools/call", { name: "fetch_it", arguments: {}, _meta: meta });
    await call({ traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: "rojo=1", baggage: "tenant=a" });
    await lab.close();
    const [span] = finished("tools/call fetch_it");
    const [inner] = finished("GET");
    expect(span?.spanContext().traceId).toBe(TRACE);
    expect(span?.parentSpanContext).toMatchObject({ spanId: PARENT, isRemote: true });
    expect(span?.spanContext().traceState?.serialize()).toBe("rojo=1");
    expect(inner?.parentSpanContext?.spanId).toBe(span?.spanContext().spanId);
    expect(seen).toEqual(["a"]);
    expect(log.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ msg: "call", traceId: TRACE }),
    );
  });

  test.each([
    ["traceparent that is malformed", { traceparent: `00-${TRACE}-zz` }],
    ["traceparent that is no text", { traceparent: { toString: 1 } }],
    ["traceparent of zeros", { traceparent: `00-${"0".repeat(32)}-${PARENT}-01` }],
  ])("a %s begins a new trace", async (_what, meta) => {
    const lab = await client();
    await lab.request("tools/call", { name: "echo", arguments: { text: "" }, _meta: meta });
    await lab.close();
    const [span] = finished("tools/call echo");
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.spanContext().traceId).not.toBe(TRACE);
  });

  test("baggage over 8 kB is dropped, and the trace kept", async () => {
    let baggage: api.Baggage | undefined;
    const server = defineServer({
      name: "heavy",
      version: "1.0.0",
      tools: [
        defineTool({
          name: "look",
          title: "Look",
          description: "Looks at the baggage.",
          inputSchema: z.object({}),
          outputSchema: z.object({}),
          handler: () => {
            baggage = api.propagation.getActiveBaggage();
            return {};
          },
        }),
      ],
    });
    const lab = await connect(server, { wire, telemetry });
    const meta = {
      traceparent: `00-${TRACE}-${PARENT}-01`,
      baggage: Array.from({ length: 100 }, (_, at) => `k${at}=${"x".repeat(97)}`).join(","),
    };
    expect(meta.baggage.length).toBeGreaterThan(10_000);
    await lab.request("tools/call", { name: "look", arguments: {}, _meta: meta });
    await lab.close();
    expect(baggage).toBeUndefined();
    expect(finished("tools/call look")[0]?.spanContext().traceId).toBe(TRACE);
  });

  test("calls at the same time have traces of their own", async () => {
    const lab = await client();
    await Promise.all([lab.call("slow", { ms: 20 }), lab.call("slow", { ms: 5 }), lab.call("echo", { text: "" })]);
    await lab.close();
    expect(new Set(spans.getFinishedSpans().map((span) => span.spanContext().traceId)).size).toBe(3);
    for (const span of spans.getFinishedSpans()) expect(span.parentSpanContext).toBeUndefined();
  });

  test("durations are a histogram in seconds, and names that nobody defined are one label", async () => {
    const lab = await client();
    await lab.call("echo", { text: "" });
    for (const made of ["up_a", "up_b", "up_c"]) await lab.call(made).catch(() => {});
    await lab.prompt("no_such_prompt").catch(() => {});
    const { descriptor, dataPoints } = (await metrics()).get("mcp.server.operation.duration") as HistogramMetricData;
    await lab.close();
    expect(descriptor.unit).toBe("s");
    const found = dataPoints.filter(({ attributes }) => attributes["gen_ai.tool.name"] === "_other");
    expect(found.length).toBeGreaterThan(0);
    for (const { attributes } of found) expect(attributes["error.type"]).toBe("-32602");
    const echo = dataPoints.find(({ attributes }) => attributes["gen_ai.tool.name"] === "echo");
    expect(echo?.value.buckets.boundaries).toEqual([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]);
    expect(echo?.value.sum).toBeGreaterThan(0);
    expect(JSON.stringify(dataPoints)).not.toMatch(/up_[abc]/);
  });
});

test("on HTTP a span links the request that carried it, and its parent is still the client's", async () => {
  const app = createApp(createLab().server, { log: createLog("silent"), telemetry });
  // What an instrumented node:http does around a request's listener.
  const carrier = api.trace.getTracer("http").startSpan("POST");
  const call = (meta: Record<string, unknown> | undefined, transport: "pipe" | "tcp") =>
    api.context.with(api.trace.setSpan(api.ROOT_CONTEXT, carrier), () =>
      app.methods.get("tools/call")?.({ name: "echo", arguments: { text: "" } }, quietWire({ transport, meta })),
    );
  await call({ traceparent: `00-${TRACE}-${PARENT}-01` }, "tcp");
  await call(undefined, "tcp");
  // Whatever is active when a line arrives on a pipe is another call's.
  await call(undefined, "pipe");
  const [linked, inside, alone] = finished("tools/call echo");
  expect(linked?.parentSpanContext?.spanId).toBe(PARENT);
  expect(linked?.links).toEqual([expect.objectContaining({ context: carrier.spanContext() })]);
  expect(inside?.parentSpanContext?.spanId).toBe(carrier.spanContext().spanId);
  expect(inside?.links).toEqual([]);
  expect(alone?.parentSpanContext).toBeUndefined();
});

test("tools past the two-hundredth share a label", async () => {
  const tool = (at: number) =>
    defineTool({
      name: `tool_${at}`,
      title: "T",
      description: "One of many.",
      inputSchema: z.object({}),
      outputSchema: z.object({}),
      handler: () => ({}),
    });
  const many = Array.from({ length: 230 }, (_, at) => tool(at));
  const lab = await connect(defineServer({ name: "many", version: "1.0.0", tools: many }), {
    wire: "stdio-2025",
    telemetry,
  });
  for (const { name } of many) await lab.call(name);
  const { dataPoints } = (await metrics()).get("mcp.server.operation.duration") as HistogramMetricData;
  await lab.close();
  const names = new Set(dataPoints.map(({ attributes }) => attributes["gen_ai.tool.name"]));
  expect([...names].filter((name) => String(name).startsWith("tool_"))).toHaveLength(200);
  expect(finished("tools/call tool_229")).toHaveLength(1);
});

test("gauges say what runs, and what was refused by reason", async () => {
  const lab = createLab();
  const client = await connect(lab.server, {
    wire: "stdio-2025",
    telemetry,
    limits: { maxRunning: 1, waitMs: 20_000 },
  });
  const held = [client.call("hold"), client.call("hold")];
  await expect.poll(async () => lastOf(await metrics(), "offshoot.calls.waiting")).toBeGreaterThan(0);
  expect(lastOf(await metrics(), "offshoot.calls.running")).toBe(1);
  lab.release();
  await Promise.all(held);
  await client.call("no_such_tool").catch(() => {});
  const refused = (await metrics()).get("offshoot.protocol_errors");
  expect(refused?.dataPoints.map(({ attributes }) => attributes.reason)).toContain("invalid_params");
  await client.close();
});

test("gauges say how each dependency and the gate stand, in the words of their snapshots", async () => {
  const lab = createLab();
  const orders = {
    snapshot: () => ({
      breaker: "open",
      limit: 8,
      inFlight: 2,
      waiting: 1,
      calls: 100,
      hits: 20,
      retries: 3,
      failures: 9,
      refused: 60,
      fallbacks: 70,
    }),
    name: "orders",
  };
  const app = createApp(lab.server, { log: createLog("silent") });
  const gate = {
    mode: "degraded",
    snapshot: () => ({ limit: 12, running: 5, waiting: 4, refused: { of_this_test: 7 } }),
  };
  telemetry(
    Object.assign(Object.create(app), {
      gate,
      rollouts: { snapshot: () => [{ tool: "get_rate", share: 25 }] },
      definition: { ...lab.server, dependencies: new Map([["orders", orders]]) },
    }),
  );
  const points = async (name: string) =>
    (await metrics()).get(name)?.dataPoints.map(({ value, attributes }) => [value, attributes]);
  expect(await points("offshoot.calls.limit")).toContainEqual([12, {}]);
  expect(await points("offshoot.mode")).toContainEqual([1, { mode: "degraded" }]);
  expect(await points("offshoot.calls.refused")).toContainEqual([7, { reason: "of_this_test" }]);
  expect(await points("offshoot.rollout.share")).toEqual([[25, { tool: "get_rate" }]]);
  expect(await points("offshoot.dependency.in_flight")).toEqual([[2, { dependency: "orders" }]]);
  expect(await points("offshoot.dependency.failures")).toEqual([[9, { dependency: "orders" }]]);
  expect(await points("offshoot.dependency.breaker")).toContainEqual([1, { dependency: "orders", state: "open" }]);
});
