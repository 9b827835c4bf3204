import {
  createMcpHandler,
  type McpHttpHandler,
  Server,
  type ServerContext,
  type StandardSchemaV1,
  type Transport,
} from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { App } from "../app.ts";
import type { WireRequest } from "../call/wire.ts";
import type { Caller, ClientInfo } from "../contract/context.ts";
import { ErrorCode, ProtocolError } from "../contract/errors.ts";
import { quoted } from "../contract/quoted.ts";
import { asksOf, type ConnectionOptions, notificationOf, progressTokenOf, receiveDirectly } from "./connection.ts";
import { LISTEN, type Message } from "./frame.ts";
import { followStreams, openStream } from "./streams.ts";
import { whenSent } from "./web.ts";

const CLIENT_INFO = "io.modelcontextprotocol/clientInfo";
const PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion";
const CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";

/**
 * A server of the 2026 era, which answers none of core's methods yet: one for each HTTP request or stdio connection.
 */
function createServer(app: App): Server {
  const { instructions } = app.definition;
  const server = new Server(app.info, {
    capabilities: app.capabilities,
    cacheHints: app.freshness,
    ...(instructions === undefined ? {} : { instructions }),
  });
  server.onerror = (error) => app.log.warn({ reason: error.message.slice(0, 512) }, "connection error");
  return server;
}

/**
 * Answers on stdio. The SDK still checks every envelope and gives results their form; what a fallback is spared is the
 * parsing of parameters and results, which core does.
 */
function answerDirectly(server: Server, app: App, options: ConnectionOptions): void {
  server.fallbackRequestHandler = async ({ method, params = {} }, context) => {
    const answer = app.methods.get(method);
    if (answer === undefined)
      throw new ProtocolError(ErrorCode.methodNotFound, `Method not found: ${quoted(method, 128)}`);
    const result = (await answer(params, wireOf(params, context, options))) as Record<string, unknown>;
    const hint = app.freshness[method];
    // The SDK adds these to the answers of handlers that it knows by method. A read has its own.
    return hint === undefined ? result : { ...hint, ...result };
  };
  const connect = server.connect.bind(server);
  server.connect = async (channel) => {
    await connect(channel);
    receiveDirectly(server, channel);
  };
}

// Parameters are core's to check; the SDK checks the envelope around them.
const asSent: StandardSchemaV1<unknown, Record<string, unknown>> = {
  "~standard": { version: 1, vendor: "offshoot", validate: (value) => ({ value: value as Record<string, unknown> }) },
};

/** Answers over HTTP, where the SDK has to know the methods: one that is not there is a 404. */
function answerByMethod(server: Server, app: App, options: ConnectionOptions): void {
  for (const [name, answer] of app.methods) {
    server.setRequestHandler(
      name,
      { params: asSent },
      async (params, context) => (await answer(params, wireOf(params, context, options))) as Record<string, unknown>,
    );
  }
}

function wireOf(
  params: Record<string, unknown>,
  { mcpReq }: ServerContext,
  { caller, transport, writable, waits }: ConnectionOptions,
): WireRequest {
  const envelope = (mcpReq.envelope ?? {}) as Record<string, unknown>;
  const capabilities = envelope[CLIENT_CAPABILITIES] as (Parameters<typeof asksOf>[0] & ClientInfo) | undefined;
  const client = envelope[CLIENT_INFO] as { name?: string; version?: string } | undefined;
  const state = mcpReq.requestState<unknown>();
  return {
    era: "2026",
    transport,
    caller,
    client:
      capabilities?.extensions === undefined ? (client ?? {}) : { ...client, extensions: capabilities.extensions },
    signal: mcpReq.signal,
    // The SDK takes messages one by one, and a cancellation reaches its signal after the handler has begun.
    cancelled: () => waits?.(mcpReq.id) === false,
    progressToken: progressTokenOf({ _meta: mcpReq._meta ?? params._meta }),
    asks: asksOf(capabilities),
    notify: (method, body) => {
      mcpReq.notify({ method, params: body } as never).catch(() => {});
    },
    message: (level, data) => {
      mcpReq.log(level, data).catch(() => {});
    },
    // What is no text was never sealed by core, and is refused like all that was not.
    ...(state === undefined ? {} : { requestState: typeof state === "string" ? state : JSON.stringify(state) }),
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
    const server = createServer(app);
    answerDirectly(server, app, options);
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
  const endStreams = followStreams(app, options.caller, transport as never);
  return async () => {
    await handle.close();
    endStreams();
  };
}

/** The 2026 side of an HTTP endpoint: strict, so that the caller of this decides what goes to the 2025 era. */
export function createModernHandler(app: App, maxRequestBodySize: number): McpHttpHandler {
  // The SDK hands on what http.ts passes beside the request, and looks at none of it: our caller.
  const factory = ({ authInfo }: { authInfo?: unknown }): Server => {
    const server = createServer(app);
    answerByMethod(server, app, { caller: authInfo as Caller, transport: "tcp" });
    return server;
  };
  const handler = createMcpHandler(factory, {
    legacy: "reject",
    maxRequestBodySize,
    onerror: (error) => app.log.info({ reason: error.message.slice(0, 512) }, "request refused"),
  });
  const stop = app.changes.listen((change) => {
    if (change.type === "resource_updated") handler.notify.resourceUpdated(change.uri);
    else if (change.type === "resources_list_changed") handler.notify.resourcesChanged();
    else if (change.type === "tools_list_changed") handler.notify.toolsChanged();
    else handler.notify.promptsChanged();
  });
  return {
    ...handler,
    async fetch(request, options) {
      const message = options?.parsedBody as Message | undefined;
      if (message?.method !== LISTEN) return handler.fetch(request, options);
      const caller = options?.authInfo as unknown as Caller;
      const stream = openStream(app, { caller, transport: "tcp" }, message);
      try {
        return whenSent(await handler.fetch(request, { ...options, parsedBody: stream.message }), stream.close);
      } catch (error) {
        stream.close();
        throw error;
      }
    },
    close: () => {
      stop();
      return handler.close();
    },
  };
}
