import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createBrotliCompress, createGzip, gzipSync } from "node:zlib";

/** What an upstream does to a request. Sizes in bytes, times in ms. */
export type Fault =
  /** Answers properly: status 200 and the body `{}` unless told otherwise. */
  | {
      do: "answer";
      status?: number | undefined;
      body?: unknown;
      headers?: Record<string, string> | undefined;
      afterMs?: number | undefined;
    }
  /** Takes the request and says nothing. */
  | { do: "hang" }
  /** Cuts the connection: at once, or in the middle of the body that it promised. */
  | { do: "reset" | "truncate" }
  /** Sends its body a byte at a time, for ever. */
  | { do: "drip"; everyMs: number }
  /** Sends `103 Early Hints` for ever. */
  | { do: "hint"; everyMs: number }
  /** A small body that is a large one when it is decoded: `bytes` of zeros. */
  | { do: "bomb"; bytes: number; encoding: "gzip" | "br" }
  /** Says that its body is gzip: and it is not, is cut off, or is twice. */
  | { do: "bad-gzip"; how: "not" | "cut" | "twice" }
  /** Sends exactly this, which may be no HTTP at all, and closes. */
  | { do: "raw"; text: string }
  /** Sends elsewhere; without `to`, to itself. */
  | { do: "redirect"; to?: string | undefined; status?: number | undefined };

/** A request as it arrived. */
export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** An HTTP server on this machine that misbehaves as it is told. */
export interface FaultUpstream {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** Every request that arrived, in order. */
  readonly seen: readonly SeenRequest[];
  /** Open connections. */
  readonly connections: number;
  /** What it does from now on: one thing, or whatever the request calls for. */
  behave(fault: Fault | ((request: SeenRequest, nth: number) => Fault)): void;
  close(): Promise<void>;
}

/**
 * Serves faults, for tests of whatever depends on an HTTP API: what a real one does once a month, on demand.
 *
 * @example
 * const upstream = await serveFaults({ do: "drip", everyMs: 100 });
 */
export async function serveFaults(
  first: Fault | ((request: SeenRequest, nth: number) => Fault) = { do: "answer" },
): Promise<FaultUpstream> {
  let behaviour = first;
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("error", () => {});
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body: Buffer.concat(parts).toString("utf8") };
      seen.push(one);
      misbehave(typeof behaviour === "function" ? behaviour(one, seen.length) : behaviour, response, one);
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    get connections() {
      return sockets.size;
    },
    behave(next) {
      behaviour = next;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function misbehave(fault: Fault, response: ServerResponse, { url }: SeenRequest): void {
  const socket = response.socket as Socket;
  const json = { "content-type": "application/json" };
  switch (fault.do) {
    case "answer": {
      const { status = 200, body = {}, headers = {}, afterMs = 0 } = fault;
      const send = () => {
        response.writeHead(status, { ...json, ...headers });
        response.end(typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body));
      };
      if (afterMs > 0) setTimeout(send, afterMs);
      else send();
      return;
    }
    case "hang":
      return;
    case "reset":
      socket.resetAndDestroy();
      return;
    case "truncate":
      response.writeHead(200, { ...json, "content-length": "100" });
      response.write('{"a');
      setImmediate(() => socket.end());
      return;
    case "drip":
      response.writeHead(200, json);
      every(fault.everyMs, response, () => response.write(" "));
      return;
    case "hint":
      every(fault.everyMs, response, () => socket.write("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"));
      return;
    case "bomb": {
      response.writeHead(200, { ...json, "content-encoding": fault.encoding });
      const pack = fault.encoding === "gzip" ? createGzip() : createBrotliCompress();
      pack.on("error", () => {});
      pack.pipe(response);
      response.on("close", () => pack.destroy());
      const zeros = Buffer.alloc(65_536);
      let left = fault.bytes;
      const more = (): void => {
        for (; left > 0; left -= zeros.length) {
          if (pack.destroyed) return;
          if (!pack.write(zeros)) {
            left -= zeros.length;
            pack.once("drain", more);
            return;
          }
        }
        pack.end();
      };
      more();
      return;
    }
    case "bad-gzip": {
      const once = gzipSync(JSON.stringify({ a: "b".repeat(1_000) }));
      const body =
        fault.how === "not" ? Buffer.from("{}") : fault.how === "cut" ? once.subarray(0, 20) : gzipSync(once);
      const encoding = fault.how === "twice" ? "gzip, gzip" : "gzip";
      response.writeHead(200, { ...json, "content-encoding": encoding });
      response.end(body);
      return;
    }
    case "raw":
      socket.end(fault.text);
      return;
    case "redirect":
      response.writeHead(fault.status ?? 302, { location: fault.to ?? url });
      response.end();
  }
}

/** Until the client has gone. */
function every(ms: number, response: ServerResponse, tick: () => void): void {
  const timer = setInterval(tick, ms);
  response.on("close", () => clearInterval(timer));
}
