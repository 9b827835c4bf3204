import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListRootsResultSchema,
  SetLevelRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { jsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/types.js";
import type { App } from "../app.ts";
import { QUESTION_MS } from "../call/asking/state-seal.ts";
import { createSubscriptions } from "../call/changes/subscriptions.ts";
import { stringParam } from "../call/normalize.ts";
import type { ClientRequest, WireRequest } from "../call/wire.ts";
import type { NotifyLevel } from "../contract/context.ts";
import { ErrorCode, ProtocolError } from "../contract/errors.ts";
import { quoted } from "../contract/quoted.ts";
import { asksOf, type ConnectionOptions, notificationOf, progressTokenOf, receiveDirectly } from "./connection.ts";

const LEVELS: NotifyLevel[] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

// biome-ignore lint/suspicious/noExplicitAny: the SDK's own request and notification types play no part: all methods are ours
type Extra = RequestHandlerExtra<any, any>;

// The SDK makes an Ajv per server (a third of a millisecond) to check answers to elicit(), which core checks with zod.
const unused: jsonSchemaValidator = {
  getValidator: () => {
    throw new Error("core validates with zod");
  },
};

/**
 * Binds an app to one connection of the 2025 era (every revision up to 2025-11-25). One server for each connection:
 * a shared one sends answers to the wrong client (GHSA-345p-7cg4-v4c7).
 *
 * @returns how to close it
 */
export async function connectLegacy(
  app: App,
  transport: Transport,
  { caller, transport: kind, writable }: ConnectionOptions,
): Promise<() => Promise<void>> {
  const { instructions } = app.definition;
  const server = new Server(app.info, {
    capabilities: app.capabilities,
    ...(instructions === undefined ? {} : { instructions }),
    jsonSchemaValidator: unused,
  });
  const subscriptions = createSubscriptions(app);
  let level = 0;

  // What the client said in `initialize`, which is once.
  let facts: Pick<WireRequest, "client" | "asks"> | undefined;
  const factsOf = (): Pick<WireRequest, "client" | "asks"> => {
    const client = server.getClientVersion();
    if (client === undefined) return { client: {}, asks: asksOf(undefined) };
    const capabilities = server.getClientCapabilities();
    const { name, version } = client;
    facts = { client: { name, version, extensions: capabilities?.extensions as never }, asks: asksOf(capabilities) };
    return facts;
  };

  const wire = (params: Record<string, unknown>, extra: Extra): WireRequest => {
    const { client, asks } = facts ?? factsOf();
    const notify = (method: string, body: Record<string, unknown>): void => {
      extra.sendNotification({ method, params: body }).catch(() => {});
    };
    return {
      era: "2025",
      transport: kind,
      caller,
      client,
      signal: extra.signal,
      progressToken: progressTokenOf(params),
      asks,
      notify,
      message: (wanted, data) => {
        if (LEVELS.indexOf(wanted) >= level) notify("notifications/message", { level: wanted, data });
      },
      ask: (request, signal) => askClient(extra, request, signal),
      meta: extra._meta,
      requestId: extra.requestId,
      sessionId: extra.sessionId,
      writable,
    };
  };

  // The fallback gets every request that the SDK has no handler for, without its per-method parsing: the list results
  // are built once, and each call is parsed once, by core.
  server.fallbackRequestHandler = (request, extra) => answer(request, extra as Extra);
  const answer = (request: { method: string; params?: unknown }, extra: Extra): Promise<Record<string, unknown>> => {
    const params = (request.params ?? {}) as Record<string, unknown>;
    const method = app.methods.get(request.method);
    if (method !== undefined) return method(params, wire(params, extra)) as Promise<Record<string, unknown>>;
    return answerSubscription(request.method, params, extra);
  };
  const answerSubscription = async (method: string, params: Record<string, unknown>, extra: Extra) => {
    const subscribable = "subscribe" in (app.capabilities.resources ?? {});
    if (subscribable && method === "resources/subscribe") {
      subscriptions.subscribe(stringParam(params, "uri", method), wire(params, extra));
      return {};
    }
    if (subscribable && method === "resources/unsubscribe") {
      subscriptions.unsubscribe(stringParam(params, "uri", method));
      return {};
    }
    throw new ProtocolError(ErrorCode.methodNotFound, `Method not found: ${quoted(method, 128)}`);
  };
  server.setRequestHandler(SetLevelRequestSchema, (request) => {
    level = LEVELS.indexOf(request.params.level);
    return {};
  });
  server.onerror = (error) => app.log.warn({ reason: error.message.slice(0, 512) }, "connection error");

  const stop = app.changes.listen((change) => {
    if (change.type === "resource_updated" && !subscriptions.has(change.uri)) return;
    // Before `initialize` there is nobody to tell; after it, a failed send means that the client has left.
    if (server.getClientVersion() !== undefined) server.notification(notificationOf(change) as never).catch(() => {});
  });
  server.onclose = () => {
    stop();
    subscriptions.close();
  };
  await server.connect(transport);
  receiveDirectly(server, transport);
  return () => server.close();
}

const ANSWERS = {
  "elicitation/create": ElicitResultSchema,
  "sampling/createMessage": CreateMessageResultSchema,
  "roots/list": ListRootsResultSchema,
};

async function askClient(extra: Extra, request: ClientRequest, signal: AbortSignal): Promise<Record<string, unknown>> {
  return (await extra.sendRequest(request as never, ANSWERS[request.method] as never, {
    signal,
    timeout: QUESTION_MS,
  })) as Record<string, unknown>;
}
