import { createMcpHandler } from "@modelcontextprotocol/server";
import type { App } from "../../app.ts";
import { visible } from "../../contract/names/quote.ts";
import { MAX_ERROR, type RequestSource } from "../connection.ts";
import { LISTEN, type Message, stopAnswer } from "../frame.ts";
import { createListeners } from "./listeners.ts";
import { createRequestServer } from "./server.ts";

/** The 2026 side of an HTTP endpoint: strict, so that the caller of this decides what goes to the 2025 era. */
export function createModernHandler(app: App, maxRequestBodySize: number) {
  // What the SDK hands on beside a request without looking at it.
  const factory = ({ authInfo }: { authInfo?: unknown }) =>
    createRequestServer(app, { ...(authInfo as RequestSource), transport: "tcp" });
  const settings = {
    legacy: "reject" as const,
    maxRequestBodySize,
    onerror: (error: Error) => app.log.info({ reason: error.message.slice(0, 512) }, "request refused"),
  };
  const handler = createMcpHandler(factory, settings);
  const listeners = createListeners(app, factory, settings);
  let stops = false;
  return {
    async fetch(request: Request, message: Message, source: RequestSource): Promise<Response> {
      if (message.method === LISTEN) return listeners.listen(request, message, source);
      const response = await handler.fetch(request, { parsedBody: message, authInfo: source as never });
      // A call that had not ended.
      if (stops && response.status === CLOSED)
        return new Response(stopAnswer(message.id as string), { headers: JSON_TYPE });
      if (response.ok || response.headers.get("content-type") !== "application/json") return response;
      const refusal = (await response.json()) as { error: { message: string } };
      // The SDK's own words: core's answers are no HTTP errors.
      refusal.error.message = visible(refusal.error.message.replaceAll("\n", " "), MAX_ERROR);
      return Response.json(refusal, { status: response.status, headers: response.headers });
    },
    async close(): Promise<void> {
      stops = true;
      await Promise.allSettled([listeners.close(), handler.close()]);
    },
  };
}

/** How the SDK answers a request whose server was closed: with this status and without a word. */
const CLOSED = 499;
const JSON_TYPE = { "content-type": "application/json" };
