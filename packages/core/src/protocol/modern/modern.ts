import {
  createMcpHandler,
  type McpHttpHandler,
  Server,
  type ServerContext,
  type ServerEvent,
  type ServerEventBus,
  type StandardSchemaV1,
  type Transport,
} from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { App } from "../../app.ts";
import type { Change } from "../../call/changes/changes.ts";
import type { WireRequest } from "../../call/wire.ts";
import type { Caller, ClientInfo } from "../../contract/context.ts";
import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import { quoted, visible } from "../../contract/names/quoted.ts";
import {
  asksOf,
  type ConnectionOptions,
  keyOf,
  LEVELS,
  LOG,
  MAX_ERROR,
  type Notification,
  notificationOf,
  PROGRESS,
  progressTokenOf,
  receiveDirectly,
} from "../connection.ts";
import { LISTEN, type Message } from "../frame.ts";
import { whenSent } from "../http/web.ts";
import { createMailbox, type Mailbox } from "../legacy/mailbox.ts";
import { followStreams, openStream } from "./streams.ts";

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
    const result = await answerWith(answer, params, context, options);
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

// Core checks the parameters, the SDK the envelope around them.
const asSent: StandardSchemaV1<unknown, Record<string, unknown>> = {
  "~standard": { version: 1, vendor: "offshoot", validate: (value) => ({ value: value as Record<string, unknown> }) },
};

/** Answers over HTTP, where the SDK has to know the methods: one that is not there is a 404. */
function answerByMethod(server: Server, app: App, options: ConnectionOptions): void {
  for (const [name, answer] of app.methods) {
    server.setRequestHandler(name, { params: asSent }, (params, context) =>
      answerWith(answer, params, context, options),
    );
  }
}

/** Answers a call; what it has told its client of itself comes before. */
async function answerWith(
  answer: Answer,
  params: Record<string, unknown>,
  context: ServerContext,
  options: ConnectionOptions,
): Promise<Record<string, unknown>> {
  const { mcpReq } = context;
  let mailbox: Mailbox<Notification> | undefined;
  const notify = (method: string, body: Record<string, unknown>): void => {
    mailbox ??= createMailbox<Notification>(
      (sent) => {
        const { level, data } = sent.params as { level: never; data: unknown };
        // The SDK knows which levels this request wants.
        void (sent.method === LOG ? mcpReq.log(level, data) : mcpReq.notify(sent as never)).catch(() => {});
      },
      () => options.lag(mcpReq.id),
    );
    mailbox.put({ method, params: body }, method === PROGRESS ? PROGRESS : undefined);
  };
  try {
    return (await answer(params, wireOf(params, context, options, notify))) as Record<string, unknown>;
  } finally {
    mailbox?.flush();
  }
}

type Answer = (params: Record<string, unknown>, wire: WireRequest) => Promise<object>;

function wireOf(
  params: Record<string, unknown>,
  { mcpReq }: ServerContext,
  { caller, transport, writable, waits }: ConnectionOptions,
  notify: WireRequest["notify"],
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
    notify,
    message(level, data) {
      if (LEVELS.includes(level)) notify(LOG, { level, data });
    },
    // Anything but a string was not sealed by core, and is refused.
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
    const changes = createMailbox<Change>(
      (change) => {
        server.notification(notificationOf(change) as never).catch(() => {});
      },
      options.lag,
      true,
    );
    server.onclose = app.changes.listen(options.caller, (change) => {
      if (change.type !== "resource_updated" || streams.has(change.uri)) changes.put(change, keyOf(change));
    });
    return server;
  };
  const handle = serveStdio(factory, {
    transport,
    legacy: "reject",
    onerror: (error) => app.log.warn({ reason: error.message.slice(0, 512) }, "connection error"),
  });
  const streams = followStreams(app, options.caller, transport as never);
  return async () => {
    await handle.close();
    streams.close();
  };
}

/** What the SDK hands on beside a request without looking at it. */
interface Passed {
  caller: Caller;
  lag: ConnectionOptions["lag"];
}

/** The 2026 side of an HTTP endpoint: strict, so that the caller of this decides what goes to the 2025 era. */
export function createModernHandler(app: App, maxRequestBodySize: number) {
  const factory = ({ authInfo }: { authInfo?: unknown }): Server => {
    const server = createServer(app);
    answerByMethod(server, app, { ...(authInfo as Passed), transport: "tcp" });
    return server;
  };
  const settings = {
    legacy: "reject" as const,
    maxRequestBodySize,
    onerror: (error: Error) => app.log.info({ reason: error.message.slice(0, 512) }, "request refused"),
  };
  const handler = createMcpHandler(factory, settings);
  const listening = new Set<McpHttpHandler>();

  /** A stream for changes. Each has a handler of its own, because the SDK's tells all streams at once or none. */
  const listen = async (request: Request, message: Message, passed: Passed): Promise<Response> => {
    if (listening.size >= MAX_LISTENING) return Response.json(tooManyStreams(message.id), { status: 503 });
    const stream = openStream(app, { caller: passed.caller, transport: "tcp" }, message);
    let tell = (_event: ServerEvent): void => {};
    const bus: ServerEventBus = {
      publish: (event) => tell(event),
      subscribe(listener) {
        tell = listener;
        return () => {};
      },
    };
    const own = createMcpHandler(factory, { ...settings, bus });
    const changes = createMailbox<Change>(
      (change) => {
        if (change.type === "resource_updated") own.notify.resourceUpdated(change.uri);
        else if (change.type === "resources_list_changed") own.notify.resourcesChanged();
        else if (change.type === "tools_list_changed") own.notify.toolsChanged();
        else own.notify.promptsChanged();
      },
      passed.lag,
      true,
    );
    const stop = app.changes.listen(passed.caller, (change) => {
      if (change.type !== "resource_updated" || stream.has(change.uri)) changes.put(change, keyOf(change));
    });
    listening.add(own);
    const close = (): void => {
      listening.delete(own);
      stop();
      stream.close();
    };
    try {
      return whenSent(await own.fetch(request, { parsedBody: stream.message, authInfo: passed as never }), close);
    } catch (error) {
      close();
      throw error;
    }
  };

  return {
    /** `lag` says how far the client of this request is behind with reading its answer. */
    async fetch(request: Request, message: Message, passed: Passed): Promise<Response> {
      if (message.method === LISTEN) return listen(request, message, passed);
      const response = await handler.fetch(request, { parsedBody: message, authInfo: passed as never });
      if (response.ok || response.headers.get("content-type") !== "application/json") return response;
      const refusal = (await response.json()) as { error: { message: string } };
      // The SDK's own words: core's answers are no HTTP errors.
      refusal.error.message = visible(refusal.error.message.replaceAll("\n", " "), MAX_ERROR);
      return Response.json(refusal, { status: response.status, headers: response.headers });
    },
    async close(): Promise<void> {
      await Promise.allSettled([...listening, handler].map((one) => one.close()));
    },
  };
}

/** Streams for changes that may be open at once, of all clients. */
const MAX_LISTENING = 1_024;

const tooManyStreams = (id: Message["id"]) => ({
  jsonrpc: "2.0",
  error: {
    code: ErrorCode.overloaded,
    message: "Too many streams are open. Try again later.",
    data: { retryAfterMs: 5_000 },
  },
  id: id ?? null,
});
