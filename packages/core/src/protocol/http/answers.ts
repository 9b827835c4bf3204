import type { IncomingMessage, ServerResponse } from "node:http";
import type { App } from "../../app.ts";
import type { Refusal } from "../frame.ts";
import type { HttpRefusal } from "./request-checks.ts";

/** What the endpoint answers at all. */
export const METHODS = "GET, POST, DELETE";

/** A line of text, for those who are no MCP client. */
export function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" }).end(text);
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** A JSON-RPC error for a request that no SDK has seen; counted and logged. */
export function refuseRequest(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
  { status, message, headers, code = -32_000, data, id, facts, counted = `http_${status}` }: HttpRefusal,
): void {
  app.account.protocolError(counted);
  app.log.info(
    { status, method: request.method, host: request.headers.host, origin: request.headers.origin, ...facts },
    "request refused",
  );
  json(response, status, { jsonrpc: "2.0", error: { code, message, data }, id: id ?? null }, headers);
  // The unread rest of a body would hold the connection: cut it once the answer is out.
  if (!request.complete && headers?.connection === "close")
    response.once("finish", () => setTimeout(() => request.destroy(), 100).unref());
  else request.resume();
}

/** A 405 that says what would be answered. */
export function notAllowed(app: App, request: IncomingMessage, response: ServerResponse, allow: string): void {
  refuseRequest(app, request, response, {
    status: 405,
    message: `Method not allowed. Use ${allow}.`,
    headers: { allow },
  });
}

/** A 400 for a body that is no message; counted and logged. */
export function badMessage(app: App, response: ServerResponse, { reason, answer }: Refusal): void {
  app.account.protocolError(reason);
  app.log.warn({ reason, detail: answer.error.message }, "message refused");
  json(response, 400, answer);
}

/** A listed page may read the answers; its browser asks first (OPTIONS). */
export function allowOrigin(request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("vary", "origin");
  response.setHeader("access-control-allow-methods", METHODS);
  response.setHeader(
    "access-control-allow-headers",
    "content-type, authorization, mcp-session-id, mcp-protocol-version, mcp-method, mcp-name, last-event-id",
  );
  response.setHeader("access-control-expose-headers", "mcp-session-id, mcp-protocol-version, www-authenticate");
}

/** A document that any page may read, and any cache keep for a while. */
export function publicDocument(request: IncomingMessage, response: ServerResponse, document: object): void {
  request.resume();
  response.setHeader("access-control-allow-origin", "*");
  if (request.method === "GET" || request.method === "HEAD") {
    json(response, 200, document, { "cache-control": "public, max-age=300" });
    return;
  }
  const asks = request.method === "OPTIONS";
  response.setHeader(asks ? "access-control-allow-methods" : "allow", "GET, HEAD, OPTIONS");
  if (asks) response.setHeader("access-control-allow-headers", "mcp-protocol-version");
  plain(response, asks ? 204 : 405, asks ? "" : "Method not allowed. Use GET.\n");
}
