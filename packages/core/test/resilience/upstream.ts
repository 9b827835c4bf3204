import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { statusError } from "../../src/resilience/index.ts";

/** How the upstream treats a request. */
export type Manner = (response: ServerResponse, request: IncomingMessage) => void;

/** Manners of an upstream in trouble. */
export const manners = {
  well: (response) => response.end(JSON.stringify({ price: 7 })),
  hang: () => {},
  /** Headers and half of a body, and then nothing. */
  drip: (response) => response.writeHead(200, { "content-length": "100" }).write("x"),
  reset: (response) => response.socket?.resetAndDestroy(),
  /** The end of the connection in the middle of the body. */
  short: (response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("{}", () => response.socket?.end());
  },
  down: (response) => response.writeHead(503).end(),
  broken: (response) => response.writeHead(500).end(),
  missing: (response) => response.writeHead(404).end(),
} satisfies Record<string, Manner>;

/** A real HTTP server on this machine whose manners a test sets, and the client that a handler would write. */
export async function openUpstream() {
  const upstream = {
    manner: manners.well as Manner,
    /** Requests that arrived. */
    hits: 0,
    /** Connections that the other side ended. */
    hungUp: 0,
    get: async (signal: AbortSignal): Promise<{ price: number }> => {
      const response = await fetch(url, { signal });
      if (!response.ok) throw statusError(response.status, response.headers.get("retry-after"));
      return (await response.json()) as { price: number };
    },
    close: async (): Promise<void> => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  const server = createServer((request, response) => {
    upstream.hits += 1;
    response.on("close", () => {
      if (!response.writableFinished) upstream.hungUp += 1;
    });
    upstream.manner(response, request);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return upstream;
}
