import type { Dispatcher } from "undici";
import { UpstreamError } from "../errors.ts";
import type { Guard, ReadBody } from "./guard.ts";

/** One exchange over HTTP, without redirects, credentials or meaning. */
export interface Client {
  /** @throws UpstreamError when there is no whole answer; the signal's reason when it was aborted */
  exchange(url: URL, request: Outgoing, signal: AbortSignal): Promise<Incoming>;
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

/** Undici's own `request`, because Node's `fetch` takes no agent. The signal is what ends an exchange. */
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
    async exchange(url, { method, headers, body }, signal) {
      guard.checkUrl(url);
      opened ??= open();
      const agent = await opened;
      try {
        const answer = await agent.request({
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: method as never,
          headers: { "accept-encoding": acceptEncoding, ...headers },
          body: body ?? null,
          signal,
        });
        const flat = flatten(answer.headers);
        const bytes = await readBody(answer.body, flat["content-encoding"], maxBytes).catch((error: unknown) => {
          // The status says what went wrong; a body that cannot be read adds nothing.
          if (answer.statusCode >= 400 && error instanceof UpstreamError) return Buffer.alloc(0);
          throw error;
        });
        return { status: answer.statusCode, headers: flat, bytes };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw error instanceof UpstreamError ? error : explain(error, url.host);
      }
    },
    close: async () => (await opened)?.destroy(),
  };
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
  );
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
