import type { Dispatcher } from "undici";
import { UpstreamError } from "../errors.ts";
import { Exchange } from "./exchange.ts";
import type { Guard, ReadBody } from "./guard.ts";
import type { Stop } from "./stop.ts";

/** One exchange over HTTP, without redirects, credentials or meaning. */
export interface Client {
  /** @throws UpstreamError when there is no whole answer; the reason when it was stopped */
  exchange(url: URL, request: Outgoing, stop: Stop): Promise<Incoming>;
  close(): Promise<void>;
}

export interface Outgoing {
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array | undefined;
}

export interface Incoming {
  status: number;
  headers: Record<string, string>;
  bytes: Buffer;
}

export interface ClientOptions {
  guard: Guard;
  readBody: ReadBody;
  /** What `readBody` can decode. */
  acceptEncoding: string;
  /** Connections to one origin. Default 16. */
  connections?: number | undefined;
  /** Decoded bytes of an answer. Default 4 MiB, which is what fits into a result. */
  maxBytes?: number | undefined;
  /** What sends, in tests: undici's `SnapshotAgent`. Default: an agent that connects only where the guard allows. */
  dispatcher?: Dispatcher | undefined;
}

/** Undici's own, because Node's `fetch` takes no agent. `stop` is what ends an exchange. */
export function createClient({
  guard,
  readBody,
  acceptEncoding,
  connections = 16,
  maxBytes = 4_194_304,
  dispatcher,
}: ClientOptions): Client {
  let opened: Promise<Dispatcher> | undefined;
  // Loaded with the first request: it would be half of what a start loads.
  const open = async (): Promise<Dispatcher> =>
    dispatcher ?? (await import("./agent.ts")).createAgent(guard, connections);
  return {
    async exchange(url, { method, headers, body }, stop) {
      guard.checkUrl(url);
      opened ??= open();
      const agent = await opened;
      if (stop.aborted) throw stop.reason;
      const exchange = new Exchange(stop, readBody, maxBytes);
      const { origin, pathname, search } = url;
      agent.dispatch(
        {
          origin,
          path: pathname + search,
          method: method as Dispatcher.HttpMethod,
          headers: { "accept-encoding": acceptEncoding, ...headers },
          body: body ?? null,
        },
        exchange,
      );
      try {
        return await exchange.incoming;
      } catch (error) {
        if (stop.aborted) throw stop.reason;
        throw error instanceof UpstreamError ? error : explain(error, url.host);
      }
    },
    close: async () => (await opened)?.destroy(),
  };
}

function explain(cause: unknown, host: string): UpstreamError {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  if (code === "UND_ERR_INVALID_ARG")
    return new UpstreamError("request_refused", `Refused: no request can be made of this (${message.slice(0, 80)}).`, {
      notSent: true,
      cause,
    });
  if (code.startsWith("HPE_") || /PARSER|CONTENT_LENGTH_MISMATCH|HEADERS_OVERFLOW|INVALID/.test(code))
    return new UpstreamError("bad_reply", `${host} answered with something that is no proper HTTP (${code}).`, {
      cause,
    });
  return new UpstreamError(
    "connection_lost",
    `The connection to ${host} broke off (${code || message.slice(0, 80)}).`,
    {
      cause,
    },
  );
}
