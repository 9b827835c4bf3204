// #region otel
// otel.ts: spans on stderr, to see them. In production, a BatchSpanProcessor with the exporter of your backend.
import { instanceName } from "@offshoot/core/instance";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { ConsoleSpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

// stdout belongs to the protocol.
console.dir = (span) => console.error(JSON.stringify(span));
const exporter = new ConsoleSpanExporter();
const resource = resourceFromAttributes({ "service.name": "greeter", "service.instance.id": instanceName() });
trace.setGlobalTracerProvider(
  new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
// #endregion
