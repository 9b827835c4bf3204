import {
  type CreateMcpHandlerOptions,
  createMcpHandler,
  type McpHttpHandler,
  type McpServerFactory,
  type ServerEvent,
  type ServerEventBus,
} from "@modelcontextprotocol/server";
import type { App } from "../../app.ts";
import type { Change } from "../../call/changes/changes.ts";
import { ErrorCode } from "../../contract/errors.ts";
import { forwardChanges, type RequestSource } from "../connection.ts";
import type { Message } from "../frame.ts";
import { whenSent } from "../http/web.ts";
import { openStream } from "./streams.ts";

/** Streams for changes that may be open at once, of all clients. */
const MAX_LISTENING = 1_024;

/** The streams for changes of an HTTP endpoint. Each has a handler of its own: the SDK's tells all streams or none. */
export function createListeners(app: App, factory: McpServerFactory, settings: CreateMcpHandlerOptions) {
  const listening = new Set<McpHttpHandler>();
  return {
    async listen(request: Request, message: Message, source: RequestSource): Promise<Response> {
      if (listening.size >= MAX_LISTENING) return Response.json(tooManyStreams(message.id), { status: 503 });
      const stream = openStream(app, { caller: source.caller, transport: "tcp" }, message);
      const handler = createMcpHandler(factory, { ...settings, bus: createBus() });
      const stop = forwardChanges(app, source, stream, (change) => notify(handler, change));
      listening.add(handler);
      const close = (): void => {
        listening.delete(handler);
        stop();
        stream.close();
      };
      try {
        const response = await handler.fetch(request, { parsedBody: await stream.granted, authInfo: source as never });
        return whenSent(response, close);
      } catch (error) {
        close();
        throw error;
      }
    },
    async close(): Promise<void> {
      await Promise.allSettled([...listening].map((handler) => handler.close()));
    },
  };
}

/** Tells the one stream of one handler. */
function createBus(): ServerEventBus {
  let tell = (_event: ServerEvent): void => {};
  return {
    publish: (event) => tell(event),
    subscribe(listener) {
      tell = listener;
      return () => {};
    },
  };
}

function notify({ notify }: McpHttpHandler, change: Change): void {
  if (change.type === "resource_updated") notify.resourceUpdated(change.uri);
  else if (change.type === "resources_list_changed") notify.resourcesChanged();
  else if (change.type === "tools_list_changed") notify.toolsChanged();
  else notify.promptsChanged();
}

const tooManyStreams = (id: Message["id"]) => ({
  jsonrpc: "2.0",
  error: {
    code: ErrorCode.overloaded,
    message: "Too many streams are open. Try again later.",
    data: { retryAfterMs: 5_000 },
  },
  id: id ?? null,
});
