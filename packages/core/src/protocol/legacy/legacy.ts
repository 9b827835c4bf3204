import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  InitializeRequestSchema,
  ListRootsResultSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { jsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/types.js";
import type { App } from "../../app.ts";
import { QUESTION_MS } from "../../call/asking/state-seal.ts";
import type { Change } from "../../call/changes/changes.ts";
import { createSubscriptions } from "../../call/changes/subscriptions.ts";
import { stringParam } from "../../call/normalize.ts";
import type { ClientRequest, WireRequest } from "../../call/wire.ts";
import type { Caller, NotifyLevel } from "../../contract/context.ts";
import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import { quoted } from "../../contract/names/quoted.ts";
import {
  asksOf,
  type ConnectionOptions,
  keyOf,
  LEVELS,
  LOG,
  type Notification,
  notificationOf,
  PROGRESS,
  progressTokenOf,
  receiveDirectly,
} from "../connection.ts";
import { BAD_INITIALIZE, JITLESS, type Message } from "../frame.ts";
import { translateIds } from "./legacy-ids.ts";
import { createMailbox, type Mailbox } from "./mailbox.ts";

type Id = string | number;
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
  { caller, transport: kind, writable, lag, single = false }: ConnectionOptions,
): Promise<() => Promise<void>> {
  const { instructions } = app.definition;
  const capabilities = single ? capabilitiesAlone(app.capabilities) : app.capabilities;
  const server = new Server(app.info, {
    capabilities,
    ...(instructions === undefined ? {} : { instructions }),
    jsonSchemaValidator: unused,
  });
  // Both have zod say what is wrong, at length and as an internal error.
  for (const method of ["ping", "logging/setLevel"]) server.removeRequestHandler(method);
  /** What calls have told their client of themselves, where they did. */
  const mailboxes = new Map<Id, Mailbox<Notification>>();
  const { transport: inner, idOf } = translateIds(transport, {
    ending(number) {
      mailboxes.get(number)?.flush();
      mailboxes.delete(number);
    },
    unexpected: (reason) => app.log.warn({ reason }, "message refused"),
  });
  const subscriptions = createSubscriptions(app);
  let level = 0;

  // What the client said in `initialize`, which is once.
  let facts: Pick<WireRequest, "client" | "asks"> | undefined;
  const factsOf = (): Pick<WireRequest, "client" | "asks"> => {
    const client = server.getClientVersion();
    if (client === undefined || single) return { client: client ?? {}, asks: asksOf(undefined) };
    const capabilities = server.getClientCapabilities();
    const { name, version } = client;
    facts = { client: { name, version, extensions: capabilities?.extensions as never }, asks: asksOf(capabilities) };
    return facts;
  };

  const wire = (params: Record<string, unknown>, extra: Extra): WireRequest => {
    const { client, asks } = facts ?? factsOf();
    const { requestId: number } = extra;
    const requestId = idOf(number);
    const notify = (method: string, body: Record<string, unknown>): void => {
      let mailbox = mailboxes.get(number);
      if (mailbox === undefined) {
        mailbox = createMailbox<Notification>(
          (message) => void extra.sendNotification(message).catch(() => {}),
          () => lag(requestId),
        );
        mailboxes.set(number, mailbox);
      }
      mailbox.put({ method, params: body }, method === PROGRESS ? PROGRESS : undefined);
    };
    return {
      era: "2025",
      transport: kind,
      // Another request of a session may come with another token, which grants more, or less.
      caller: (extra.authInfo as Caller | undefined) ?? caller,
      client,
      signal: extra.signal,
      progressToken: progressTokenOf(params),
      asks,
      notify,
      message: (wanted, data) => {
        if (!single && LEVELS.indexOf(wanted) >= level) notify(LOG, { level: wanted, data });
      },
      ask: (request, signal) => askClient(extra, request, signal),
      meta: extra._meta,
      requestId,
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
    return answerConnection(request.method, params, extra);
  };
  /** What is about the connection, and no call. */
  const answerConnection = async (method: string, params: Record<string, unknown>, extra: Extra) => {
    if (method === "ping") return {};
    if (method === "logging/setLevel" && "logging" in capabilities) {
      const wanted = LEVELS.indexOf(stringParam(params, "level", method) as NotifyLevel);
      if (wanted === -1)
        throw new ProtocolError(ErrorCode.invalidParams, `logging/setLevel needs one of: ${LEVELS.join(", ")}.`);
      level = wanted;
      return {};
    }
    const subscribable = "subscribe" in (capabilities.resources ?? {});
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
  server.onerror = (error) => app.log.warn({ reason: error.message.slice(0, 512) }, "connection error");

  const changes = createMailbox<Change>(
    (change) => {
      // Before `initialize` there is no one to notify; after it, a failed send means that the client has left.
      if (server.getClientVersion() !== undefined) server.notification(notificationOf(change) as never).catch(() => {});
    },
    lag,
    true,
  );
  const listen = single ? () => () => {} : app.changes.listen;
  const stop = listen(caller, (change) => {
    if (change.type !== "resource_updated" || subscriptions.has(change.uri)) changes.put(change, keyOf(change));
  });
  server.onclose = () => {
    stop();
    subscriptions.close();
  };
  await server.connect(inner);
  receiveDirectly(server, inner);
  const receive = inner.onmessage;
  inner.onmessage = (received: object, extra?: unknown) => {
    const { method, id } = received as Message;
    if (method === "initialize" && !InitializeRequestSchema.safeParse(received, JITLESS).success) {
      const error = { code: ErrorCode.invalidParams, message: BAD_INITIALIZE };
      if (id !== undefined) void inner.send({ jsonrpc: "2.0", id, error });
    } else {
      receive?.(received as never, extra as never);
    }
  };
  return () => server.close();
}

/** What a server can do for a request that stands alone: nothing that comes later, and beside an answer. */
const capabilitiesAlone = (capabilities: App["capabilities"]): App["capabilities"] =>
  Object.fromEntries(
    Object.keys(capabilities)
      .filter((name) => name !== "logging")
      .map((name) => [name, {}]),
  );

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
