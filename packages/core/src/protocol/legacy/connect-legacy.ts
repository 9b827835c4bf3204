import { Server, type ServerOptions } from "@modelcontextprotocol/sdk/server/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { InitializeRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import type { jsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/types.js";
import type { App } from "../../app.ts";
import { createSubscriptions } from "../../call/changes/subscriptions.ts";
import { ErrorCode } from "../../contract/errors.ts";
import { type ConnectionOptions, forwardChanges, notificationOf, receiveDirectly } from "../connection.ts";
import { BAD_INITIALIZE, JITLESS, type Message } from "../frame.ts";
import { answerConnection } from "./connection-methods.ts";
import { translateIds } from "./legacy-ids.ts";
import { createLegacyWire, type Extra, type LegacyWire } from "./wire.ts";

/**
 * Binds an app to one connection of the 2025 era (every revision up to 2025-11-25). One server for each connection:
 * a shared one sends answers to the wrong client (GHSA-345p-7cg4-v4c7).
 *
 * @returns how to close it, and its client for requests that go without the SDK
 */
export async function connectLegacy(
  app: App,
  transport: Transport,
  options: ConnectionOptions,
): Promise<{ close: () => Promise<void>; peer: LegacyWire["peer"] }> {
  const { single = false } = options;
  const capabilities = single ? capabilitiesAlone(app.capabilities) : app.capabilities;
  const server = createServer(app, capabilities);
  const { transport: inner, numbers } = translateIds(transport, {
    ending: (number) => wire.end(number),
    unexpected: (reason) => app.log.warn({ reason }, "message refused"),
  });
  const wire: LegacyWire = createLegacyWire(server, options, numbers);
  const subscriptions = createSubscriptions(app);

  // The fallback gets every request that the SDK has no handler for, without its per-method parsing: the list results
  // are built once, and each call is parsed once, by core.
  server.fallbackRequestHandler = async (request, extra: Extra): Promise<Record<string, unknown>> => {
    const params = (request.params ?? {}) as Record<string, unknown>;
    const method = app.methods.get(request.method);
    if (method !== undefined) return (await method(params, wire.of(params, extra))) as Record<string, unknown>;
    return answerConnection(capabilities, subscriptions, wire, request.method, params, extra);
  };

  const stop = single
    ? () => {}
    : forwardChanges(app, options, subscriptions, (change) => {
        // Before `initialize` there is no one to notify; after it, a failed send means that the client has left.
        if (server.getClientVersion() !== undefined)
          server.notification(notificationOf(change) as never).catch(() => {});
      });
  server.onclose = () => {
    stop();
    subscriptions.close();
  };
  await server.connect(inner);
  receiveDirectly(server, inner);
  checkInitialize(inner);
  return { close: () => server.close(), peer: wire.peer };
}

// The SDK makes an Ajv per server (a third of a millisecond) to check answers to elicit(), which core checks with zod.
const unused: jsonSchemaValidator = {
  getValidator: () => {
    throw new Error("core validates with zod");
  },
};

function createServer(app: App, capabilities: App["capabilities"]): Server {
  const { instructions } = app.definition;
  const options: ServerOptions = { capabilities, jsonSchemaValidator: unused };
  if (instructions !== undefined) options.instructions = instructions;
  const server = new Server(app.info, options);
  // Both have zod say what is wrong, at length and as an internal error.
  for (const method of ["ping", "logging/setLevel"]) server.removeRequestHandler(method);
  server.onerror = (error) => app.log.warn({ reason: error.message.slice(0, 512) }, "connection error");
  return server;
}

/** What a server can do for a request that stands alone: nothing that comes later, and beside an answer. */
const capabilitiesAlone = (capabilities: App["capabilities"]): App["capabilities"] =>
  Object.fromEntries(
    Object.keys(capabilities)
      .filter((name) => name !== "logging")
      .map((name) => [name, {}]),
  );

/** Answers a handshake that cannot be read: the SDK would say so with a dump of zod's. */
function checkInitialize(inner: Transport): void {
  const receive = inner.onmessage;
  inner.onmessage = (received: object, extra) => {
    const { method, id } = received as Message;
    if (method !== "initialize" || InitializeRequestSchema.safeParse(received, JITLESS).success)
      return receive?.(received as never, extra);
    const error = { code: ErrorCode.invalidParams, message: BAD_INITIALIZE };
    if (id !== undefined) void inner.send({ jsonrpc: "2.0", id, error });
  };
}
