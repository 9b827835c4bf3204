// A server behind authentication, and requests to it with exactly these headers.
import { type AddressInfo, connect as connectSocket, createServer } from "node:net";
import { createApp } from "../../src/app.ts";
import { openAuthentication } from "../../src/auth/open.ts";
import type { AuthSettings } from "../../src/auth/settings.ts";
import type { ServerDefinition } from "../../src/index.ts";
import { type HttpEndpoint, serveHttp } from "../../src/protocol/http/http.ts";
import type { HttpOptions } from "../../src/protocol/http/options.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createLab } from "../fixtures/lab.ts";
import { initialize, META, toolCall } from "../fixtures/raw.ts";
import { type Answer, send } from "../fixtures/send.ts";

export { type Answer, send };

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
