// A server behind authentication, and requests to it with exactly these headers.
import { request } from "node:http";
import { type AddressInfo, connect as connectSocket, createServer } from "node:net";
import { createApp } from "../../src/app.ts";
import { openAuthentication } from "../../src/auth/open.ts";
import type { AuthSettings } from "../../src/auth/settings.ts";
import type { ServerDefinition } from "../../src/index.ts";
import { type HttpEndpoint, type HttpOptions, serveHttp } from "../../src/protocol/http/http.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createLab } from "../fixtures/lab.ts";
import { initialize, type Json, META, toolCall } from "../fixtures/raw.ts";

const DEFAULTS = { authMaxAge: 60, authTyp: "at+jwt", authProxies: [], host: "127.0.0.1" };

export async function openServer(
  settings: Partial<AuthSettings>,
  options: HttpOptions = {},
  definition?: ServerDefinition,
) {
  const lab = createLab();
  const log: string[] = [];
  const app = createApp(definition ?? lab.server, { log: createLog("debug", { write: (line) => log.push(line) }) });
  const events: { what: string; name?: string | undefined; before: unknown; after: unknown; by: string }[] = [];
  app.control.listen((event) => events.push(event));
  const authentication = await openAuthentication({ ...DEFAULTS, ...settings } as AuthSettings, app);
  const endpoint = await serveHttp(app, { ...options, ...settings, authentication });
  return {
    lab,
    log,
    app,
    events,
    endpoint,
    url: endpoint.url,
    close: async () => {
      await endpoint.drain(0);
      app.close();
    },
  };
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  json: Json;
}

/** Headers as a list, so that one can come twice. */
export function send(
  endpoint: Pick<HttpEndpoint, "url">,
  { method = "POST", path = "/mcp", headers = [] as [string, string][], body = undefined as unknown, socketPath = "" },
): Promise<Answer> {
  const { hostname, port } = new URL(endpoint.url);
  const bytes = body === undefined ? "" : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...(socketPath === "" ? { host: hostname, port } : { socketPath }),
        path,
        method,
        headers: [
          ["host", new URL(endpoint.url).host],
          ...(method === "POST"
            ? [
                ["content-type", "application/json"],
                ["accept", "application/json, text/event-stream"],
                ["content-length", String(Buffer.byteLength(bytes))],
              ]
            : []),
          ...headers,
        ].flat() as never,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("error", reject);
        response.on("end", () => {
          const data = /^data: (.+)$/m.exec(text.trim().split("\n\n").pop() ?? "")?.[1] ?? text;
          let json: Json;
          try {
            json = JSON.parse(data);
          } catch {
            json = undefined;
          }
          resolve({ status: response.statusCode ?? 0, headers: response.headers, json });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(bytes);
  });
}

/** Bytes by hand, for what no client sends. */
export function sendRaw(endpoint: Pick<HttpEndpoint, "url">, text: string): Promise<string> {
  const { hostname, port } = new URL(endpoint.url);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connectSocket(Number(port), hostname, () => socket.write(text));
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      answer += chunk;
      socket.end();
    });
    // A server that does not read on resets the connection.
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

export const bearer = (token: string): [string, string] => ["authorization", `Bearer ${token}`];

/** One tool called in both eras: a 2025 client opens a session first. */
export const ERAS = {
  "2026": async (endpoint: HttpEndpoint, headers: [string, string][], tool = "guarded", input: object = {}) =>
    send(endpoint, {
      headers: [["mcp-protocol-version", "2026-07-28"], ["mcp-method", "tools/call"], ["mcp-name", tool], ...headers],
      body: toolCall(1, tool, input, META),
    }),
  "2025": async (endpoint: HttpEndpoint, headers: [string, string][], tool = "guarded", input: object = {}) => {
    const hello = await send(endpoint, { headers, body: initialize(0) });
    if (hello.status !== 200) return hello;
    const session: [string, string] = ["mcp-session-id", hello.headers["mcp-session-id"] as string];
    return send(endpoint, { headers: [session, ...headers], body: toolCall(1, tool, input) });
  },
} as const;

/** A port that is free now, for two servers that must know each other's address. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
