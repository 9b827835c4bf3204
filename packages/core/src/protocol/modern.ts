import {
  createMcpHandler,
  type McpHttpHandler,
  Server,
  type ServerContext,
  type StandardSchemaV1,
  type Transport,
} from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { App } from "../call/app.ts";
import type { WireRequest } from "../call/wire.ts";
import type { Caller } from "../contract/context.ts";
import { asksOf, type ConnectionOptions, notificationOf, progressTokenOf } from "./connection.ts";

const CLIENT_INFO = "io.modelcontextprotocol/clientInfo";
const PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion";
const CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";

// Parameters are core's to check; the SDK checks the envelope around them.
const asSent: StandardSchemaV1<unknown, Record<string, unknown>> = {
  "~standard": { version: 1, vendor: "offshoot", validate: (value) => ({ value: value as Record<string, unknown> }) },
};

/** A server of the 2026 era: one for each HTTP request, one for each stdio connection. */
function createServer(app: App, options: ConnectionOptions): Server {
  const { instructions } = app.definition;
  const server = new Server(app.info, {
    capabilities: app.capabilities,
    ...(instructions === undefined ? {} : { instructions }),
  });
  for (const [name, answer] of app.methods) {
    server.setRequestHandler(
      name,
      { params: asSent },
      async (params, context) => (await answer(params, wireOf(params, context, options))) as Record<string, unknown>,
    );
  }
  server.onerror = (error) => app.log.warn({ reason: error.message.slice(0, 512) }, "connection error");
  return server;
}

function wireOf(
  params: Record<string, unknown>,
  { mcpReq }: ServerContext,
  { caller, transport, writable, waits }: ConnectionOptions,
): WireRequest {
  const envelope = (mcpReq.envelope ?? {}) as Record<string, unknown>;
  const client = envelope[CLIENT_INFO] as { name?: string; version?: string } | undefined;
  const state = mcpReq.requestState<unknown>();
  return {
    era: "2026",
    transport,
    caller,
    client: client ?? {},
    signal: mcpReq.signal,
    // The SDK takes messages one by one, and a cancellation reaches its signal after the handler has begun.
    cancelled: () => waits?.(mcpReq.id) === false,
    progressToken: progressTokenOf({ _meta: mcpReq._meta ?? params._meta }),
    asks: asksOf(envelope[CLIENT_CAPABILITIES] as Parameters<typeof asksOf>[0]),
    notify: (method, body) => {
      mcpReq.notify({ method, params: body } as never).catch(() => {});
    },
    message: (level, data) => {
      mcpReq.log(level, data).catch(() => {});
    },
    ...(typeof state === "string" ? { requestState: state } : {}),
    ...(mcpReq.inputResponses === undefined ? {} : { answers: mcpReq.inputResponses }),
    meta: mcpReq._meta,
    requestId: mcpReq.id,
    protocolVersion: envelope[PROTOCOL_VERSION] as string | undefined,
    writable,
  };
}

/** Binds an app to the 2026 side of a stdio connection. @returns how to close it */
export function connectModern(app: App, transport: Transport, options: ConnectionOptions): () => Promise<void> {
  const factory = (): Server => {
    const server = createServer(app, options);
    // The SDK holds the open subscriptions/listen streams of this connection and turns these into messages on them.
    const stop = app.changes.listen((change) => {
      server.notification(notificationOf(change) as never).catch(() => {});
    });
    server.onclose = stop;
    return server;
  };
  const handle = serveStdio(factory, {
    transport,
    legacy: "reject",
    onerror: (error) => app.log.warn({ reason: error.message.slice(0, 512) }, "connection error"),
  });
  return () => handle.close();
}

/** The 2026 side of an HTTP endpoint: strict, so that the caller of this decides what goes to the 2025 era. */
export function createModernHandler(app: App, maxRequestBodySize: number): McpHttpHandler {
  // The SDK hands on what http.ts passes beside the request, and looks at none of it: our caller.
  const handler = createMcpHandler(
    ({ authInfo }) => createServer(app, { caller: authInfo as unknown as Caller, transport: "tcp" }),
    {
      legacy: "reject",
      maxRequestBodySize,
      onerror: (error) => app.log.info({ reason: error.message.slice(0, 512) }, "request refused"),
    },
  );
  const stop = app.changes.listen((change) => {
    if (change.type === "resource_updated") handler.notify.resourceUpdated(change.uri);
    else if (change.type === "resources_list_changed") handler.notify.resourcesChanged();
    else if (change.type === "tools_list_changed") handler.notify.toolsChanged();
    else handler.notify.promptsChanged();
  });
  return {
    ...handler,
    close: () => {
      stop();
      return handler.close();
    },
  };
}
