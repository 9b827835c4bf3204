import { Server, type StandardSchemaV1 } from "@modelcontextprotocol/server";
import type { App } from "../../app.ts";
import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import { quote } from "../../contract/names/quote.ts";
import { type ConnectionOptions, receiveDirectly } from "../connection.ts";
import { answerWith } from "./wire.ts";

/** A server for a stdio connection. */
export function createStdioServer(app: App, options: ConnectionOptions): Server {
  const server = createServer(app);
  answerDirectly(server, app, options);
  return server;
}

/** A server for one HTTP request. */
export function createRequestServer(app: App, options: ConnectionOptions): Server {
  const server = createServer(app);
  answerByMethod(server, app, options);
  return server;
}

/** A server of the 2026 era, which answers none of core's methods yet. */
function createServer(app: App): Server {
  const { capabilities, freshness: cacheHints } = app;
  const { instructions } = app.definition;
  const options =
    instructions === undefined ? { capabilities, cacheHints } : { capabilities, cacheHints, instructions };
  const server = new Server(app.info, options);
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
      throw new ProtocolError(ErrorCode.methodNotFound, `Method not found: ${quote(method, 128)}`);
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
