import type { Transport } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { App } from "../../app.ts";
import { type ConnectionOptions, forwardChanges, notificationOf } from "../connection.ts";
import { CLIENT_CAPABILITIES, MODERN_VERSION, PROTOCOL_VERSION } from "../era.ts";
import { createStdioServer } from "./server.ts";
import { followStreams } from "./streams.ts";

/** A notification that nobody listens to. */
const OPENING = {
  jsonrpc: "2.0" as const,
  method: "notifications/opening",
  params: {
    _meta: {
      [PROTOCOL_VERSION]: MODERN_VERSION,
      [CLIENT_CAPABILITIES]: {},
    },
  },
};

/**
 * Binds an app to the 2026 side of a stdio connection.
 *
 * @param begun the client has had answers of this era already, without the SDK
 * @returns how to close it
 */
export function connectModern(
  app: App,
  transport: Transport,
  options: ConnectionOptions,
  begun: boolean,
): () => Promise<void> {
  const handle = serveStdio(
    () => {
      const server = createStdioServer(app, options);
      // The SDK holds the open subscriptions/listen streams of this connection and turns these into messages on them.
      server.onclose = forwardChanges(app, options, { has: (uri) => streams.has(uri) }, (change) => {
        server.notification(notificationOf(change) as never).catch(() => {});
      });
      return server;
    },
    {
      transport,
      legacy: "reject",
      onerror: (error) => app.log.warn({ reason: error.message.slice(0, 512) }, "connection error"),
    },
  );
  // It settles the era by its first message, and is silent where that one is odd.
  if (begun) transport.onmessage?.(OPENING);
  const streams = followStreams(app, options.caller, transport as never);
  return async () => {
    await handle.close();
    streams.close();
  };
}
