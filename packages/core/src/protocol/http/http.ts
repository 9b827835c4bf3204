import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { App } from "../../app.ts";
import { plain } from "./answers.ts";
import { createAuthorization, ownAuthentication } from "./authorization.ts";
import { listen } from "./listen.ts";
import { createMcp } from "./mcp.ts";
import type { HttpOptions } from "./options.ts";
import { createRoutes, PATH } from "./routes.ts";

/** A served endpoint. */
export interface HttpEndpoint {
  /** Where clients connect: `http://127.0.0.1:3000/mcp`. */
  readonly url: string;
  /** Open sessions of the 2025 era. */
  readonly sessions: number;
  /** Takes no new work (`/readyz` answers 503), waits up to `ms` for what runs, and closes. */
  drain(ms: number): Promise<void>;
}

/**
 * Serves both eras at one URL, `/mcp`: guards, then authentication, then the body, and then the SDK of the request's
 * era. `/healthz` says that the process lives, `/readyz` whether it takes work.
 *
 * @throws the listen error (`EADDRINUSE`, `EACCES`) when the address cannot be bound
 */
export async function serveHttp(app: App, options: HttpOptions = {}): Promise<HttpEndpoint> {
  const { host = "127.0.0.1", port = 0 } = options;
  const { authentication = ownAuthentication(options.authenticate) } = options;
  const authorization = createAuthorization(app, authentication);
  const mcp = createMcp(app, authorization, options);
  const routes = createRoutes(app, mcp, authentication, authorization, options);

  const failed = (response: ServerResponse, error: unknown): void => {
    app.log.info({ reason: error instanceof Error ? error.message : String(error) }, "request failed");
    if (!response.headersSent) plain(response, 500, "internal error\n");
    else response.destroy();
  };
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000, keepAliveTimeout: 5_000 },
    (request, response) => {
      try {
        const ends = routes.handle(request, response);
        ends?.catch((error: unknown) => failed(response, error));
      } catch (error) {
        failed(response, error);
      }
    },
  );
  server.maxConnections = 4_096;
  await listen(server, host, port);
  server.on("error", (error) => app.log.error({ err: error }, "server error"));
  const url = host.startsWith("/") ? `http://localhost${PATH}` : urlAt(host, server.address() as AddressInfo);
  authentication.listening?.(url);
  return {
    url,
    get sessions() {
      return mcp.sessions;
    },
    async drain(ms) {
      // It listens until the last call has ended: a balancer that looks at /readyz hears why, and so does who calls.
      routes.refuse();
      mcp.refuse();
      const until = performance.now() + ms;
      while (app.gate.running + app.gate.waiting + mcp.answering > 0 && performance.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 20));
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await mcp.close();
      authentication.close?.();
      options.ui?.close();
      // Answers just written need a turn to leave; streams without an end are cut.
      const timer = setTimeout(() => server.closeAllConnections(), 250);
      await closed;
      clearTimeout(timer);
    },
  };
}

const urlAt = (host: string, { port }: AddressInfo): string =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}${PATH}`;
