// #region otel
// otel.js: spans to the console. In production, a BatchSpanProcessor with the exporter of your backend.
import { trace } from "@opentelemetry/api";
import { ConsoleSpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

// stdout is the protocol's: on stdio a console exporter must write elsewhere.
console.dir = (span) => console.error(JSON.stringify(span));
const exporter = new ConsoleSpanExporter();
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
// #endregion
