import type { lookup as resolve } from "node:dns";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isToolError, ToolError } from "../contract/errors.ts";
import { ACCEPT_ENCODING, readBody } from "./body.ts";
import { createGuard, type Guard } from "./guard.ts";

/** What a guarded fetch lets through, whatever URL it is given. */
export interface GuardedFetchOptions {
  /** Host names or addresses that may be private, as they stand in a URL. @default none */
  privateHosts?: readonly string[] | undefined;
  /** Decoded bytes of an answer. @default 4 194 304, which is what fits into a result */
  maxBytes?: number | undefined;
  /** Redirects of GET and HEAD without a body that are followed, each checked like a URL of its own. @default 3 */
  maxRedirects?: number | undefined;
  /** Time for all of it, redirects and body too, in ms. @default 10 000 */
  timeoutMs?: number | undefined;
  /** For tests: resolves names. @default `dns.lookup` */
  resolver?: typeof resolve | undefined;
}

/** What is sent. */
export interface GuardedRequest {
  /** @default `GET` */
  method?: string | undefined;
  /** Sent to the first origin; after a redirect to another one, only `accept` and `user-agent` are. */
  headers?: Record<string, string> | undefined;
  body?: string | Uint8Array | undefined;
  /** The call's: ends the request at once. */
  signal?: AbortSignal | undefined;
}

/** A whole answer, of any status. */
export interface GuardedResponse {
  /** Where it came from in the end. */
  url: string;
  status: number;
  /** By lower-case name; several of one name are joined by commas. */
  headers: Record<string, string>;
  /** Decoded. */
  bytes: Buffer;
  /** The bytes as UTF-8. */
  text(): string;
}

/** @throws ToolError saying what a model can do; the signal's reason when it was aborted */
export type GuardedFetch = (url: string | URL, request?: GuardedRequest) => Promise<GuardedResponse>;

/** Bytes of an answer's headers. */
const MAX_HEADER_BYTES = 16_384;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * A fetch for URLs that a model, a document or an answer names: to public addresses only, checked after names are
 * resolved and again at each redirect, within a time and a size. No proxy is used, since behind one nobody here would
 * see which address is reached, and no cookie is kept.
 *
 * @example
 * const fetchPage = createGuardedFetch({ timeoutMs: 5_000 });
 * const page = await fetchPage(url, { signal });
 */
export function createGuardedFetch({
  privateHosts,
  maxBytes = 4_194_304,
  maxRedirects = 3,
  timeoutMs = 10_000,
  resolver,
}: GuardedFetchOptions = {}): GuardedFetch {
  const guard = createGuard(privateHosts, { resolver });
  return async (from, { method = "GET", headers = {}, body, signal: outer } = {}) => {
    const time = AbortSignal.timeout(timeoutMs);
    const signal = outer === undefined ? time : AbortSignal.any([outer, time]);
    let at = parse(String(from));
    let sent: Record<string, string> = {
      "user-agent": "offshoot",
      accept: "*/*",
      ...lowerCased(headers),
      "accept-encoding": ACCEPT_ENCODING,
      // Node says no length for a GET: its body would be read as a request of its own.
      ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
    };
    try {
      for (let hop = 0; ; hop += 1) {
        const answer = await exchange(guard, at, { method, headers: sent, body, signal });
        const { location } = answer.headers;
        const status = answer.statusCode ?? 0;
        if (!REDIRECTS.has(status) || location === undefined) return await responseOf(answer, at, maxBytes);
        answer.destroy();
        // A body was meant for the one that was asked.
        if (hop >= maxRedirects || !/^(GET|HEAD)$/.test(method) || body !== undefined)
          throw new ToolError(
            `${at.host} redirects (${status}), which is not followed${hop > 0 ? " any further" : ""}.`,
            {
              code: "redirected",
            },
          );
        // Node reads a header's bytes as Latin-1; where they are a URL they are UTF-8, as in every browser.
        const next = parse(Buffer.from(location, "latin1").toString("utf8"), at);
        // Once another origin was passed, they do not come back, even when that one leads back.
        if (next.origin !== at.origin) sent = { ...openHeaders(sent), "accept-encoding": ACCEPT_ENCODING };
        at = next;
      }
    } catch (error) {
      if (outer?.aborted) throw outer.reason;
      if (time.aborted)
        throw new ToolError(`${at.host} gave no whole answer within ${timeoutMs} ms. Try again later.`, {
          code: "timed_out",
          cause: error,
        });
      throw isToolError(error) ? error : unreachable(error, at.host);
    }
  };
}

function exchange(
  guard: Guard,
  url: URL,
  { method, headers, body, signal }: { method: string; headers: Record<string, string> } & GuardedRequest,
): Promise<IncomingMessage> {
  guard.checkUrl(url);
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    // A connection of its own: one that is kept would be used again without its address being looked at.
    const options = { method, headers, agent: false as const, lookup: guard.lookup, maxHeaderSize: MAX_HEADER_BYTES };
    const sending = request(url, { ...options, signal }, resolve);
    sending.on("error", reject);
    // A server that changes protocols (101) is left without an answer, an error, or an end of the time.
    sending.on("close", () => reject(new Error("no answer")));
    sending.end(body);
  });
}

async function responseOf(answer: IncomingMessage, at: URL, maxBytes: number): Promise<GuardedResponse> {
  const flat = Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(", ")]);
  const bytes = await readBody(answer, answer.headers["content-encoding"], maxBytes);
  return {
    url: at.href,
    status: answer.statusCode ?? 0,
    headers: Object.fromEntries(flat),
    bytes,
    text: () => bytes.toString("utf8"),
  };
}

function parse(url: string, base?: URL): URL {
  if (URL.canParse(url, base?.href)) return new URL(url, base);
  throw new ToolError(base === undefined ? "This is no URL: give a whole one, https://…" : "It redirects to no URL.", {
    code: base === undefined ? "not_a_url" : "redirected",
  });
}

const lowerCased = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** The headers that another origin may see. */
const openHeaders = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(["accept", "user-agent"].map((name) => [name, headers[name] ?? "*/*"]));

function unreachable(cause: unknown, host: string): ToolError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new ToolError(
    `${host} gave no proper answer (${(code ?? message).slice(0, 80)}). Check the URL, or try later.`,
    {
      code: "unreachable",
      cause,
    },
  );
}
