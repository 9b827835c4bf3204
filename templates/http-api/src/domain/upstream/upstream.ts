import type { Dispatcher } from "undici";
import { UpstreamError } from "../errors.ts";
import type { ApiReply, ApiRequest } from "../operation.ts";
import { requestKey } from "../request-key.ts";
import { type Client, type ClientOptions, createClient, type Incoming } from "./client.ts";
import { type Credentials, noCredentials } from "./credentials/credentials.ts";
import { createETags } from "./etags.ts";
import type { Stop } from "./stop.ts";
import { folder, urlOf } from "./url.ts";

/** Where the API is, and what may happen on the way there. */
export interface UpstreamOptions extends Pick<ClientOptions, "guard" | "readBody" | "acceptEncoding"> {
  /** Every request goes below it. */
  baseUrl: string;
  credentials?: Credentials | ((client: Client) => Credentials) | undefined;
  /** Hosts that may be reached although they are not public. Default none. */
  allowedHosts?: readonly string[];
  /** Sends the credential to public hosts without TLS too. Default `false`. */
  insecureHttp?: boolean;
  /** Redirects of GET and HEAD that are followed, each checked like a request of its own. Default 0, at most 3. */
  maxRedirects?: number;
  /** Decoded bytes of an answer. Default 4 MiB. */
  maxBytes?: number;
  /** Connections at once. Default 16. */
  connections?: number;
  /** What sends, in tests: see `test/fixtures/cassette.ts`. */
  dispatcher?: Dispatcher;
}

export interface SendOptions {
  /** Ends the request, whatever it is doing. There is no other time limit here. */
  signal: Stop;
  idempotencyKey?: string | undefined;
  /** The description promises JSON: a page of HTML is no answer then. Default `false`. */
  expectsJson?: boolean | undefined;
}

/** An HTTP API: takes requests, gives answers, and throws an {@link UpstreamError} for anything else. */
export interface Upstream {
  /** @throws UpstreamError for an answer that is no success, or none; the signal's reason when it was aborted */
  send(request: ApiRequest, options: SendOptions): Promise<ApiReply>;
  /** Names a request by everything that is sent, the credential too. @throws ApiError where the credential is missing */
  keyOf(request: ApiRequest): Promise<string>;
  /** The host that a request goes to, with its port, where that is not the API's own. */
  hostOf(request: ApiRequest): string | undefined;
  /** The request as it would be sent, secrets blanked. */
  preview(
    request: ApiRequest,
    idempotencyKey?: string,
  ): Promise<{ method: string; url: string; headers: Record<string, string>; body?: string }>;
  close(): Promise<void>;
}

/** @throws UpstreamError where a credential would cross the internet unencrypted */
export function checkSecrecy({ protocol, host, hostname }: URL, privateHosts: readonly string[]): void {
  if (protocol === "https:" || privateHosts.includes(hostname.replace(/^\[|\]$/g, ""))) return;
  throw new UpstreamError(
    "insecure_http",
    `The credential would go to ${host} without TLS. Use an https URL (--base-url), or --insecure-http if that is what you want.`,
    { notSent: true },
  );
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Opens a way to an API. Nothing is sent yet.
 *
 * @throws UpstreamError for a base URL that may not be asked, or not with a credential
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { guard, readBody, acceptEncoding, allowedHosts = [], maxRedirects = 0, maxBytes, connections } = options;
  const { dispatcher } = options;
  const client = createClient({ guard, readBody, acceptEncoding, maxBytes, connections, dispatcher });
  const { credentials: given = noCredentials } = options;
  const credentials = typeof given === "function" ? given(client) : given;
  const base = folder(options.baseUrl);
  guard.checkUrl(base);
  // An operation may be somewhere else than the rest of the API.
  const baseOf = (server: string | undefined): URL => (server === undefined ? base : folder(server, base));
  if (credentials !== noCredentials && options.insecureHttp !== true) checkSecrecy(base, allowedHosts);
  const etags = createETags(16_777_216);
  const keys = new WeakMap<ApiRequest, { key: string; account: string }>();
  // Asked for two or three times for each request, and a digest costs as much as parsing a small answer.
  const keyFor = (request: ApiRequest, account: string): string => {
    const known = keys.get(request);
    if (known?.account === account) return known.key;
    const key = requestKey(request, account);
    keys.set(request, { key, account });
    return key;
  };

  const dress = async (
    { method, path, query, headers: given, body, server, schemes, caller }: ApiRequest,
    key: string | undefined,
  ) => {
    const worn = await credentials.dress(schemes, caller);
    // A description may list our credential among an operation's parameters: what a caller filled in there is not sent.
    const others =
      worn.query.length === 0 ? query : query.filter(([name]) => worn.query.every(([own]) => own !== name));
    const url = urlOf(baseOf(server), path, worn.query.length === 0 ? others : [...others, ...worn.query]);
    const headers: Record<string, string> = {
      accept: "application/json, text/*;q=0.8, */*;q=0.5",
      "user-agent": "offshoot-http-api",
      ...given,
    };
    if (body !== undefined) headers["content-type"] = body.contentType;
    if (key !== undefined) headers["idempotency-key"] = key;
    Object.assign(headers, worn.headers);
    const outgoing = { method, headers, body: body?.bytes ?? body?.text, shownBody: body?.text };
    return { url, stamp: worn.stamp, account: worn.account, outgoing };
  };
  // Loaded with the first answer, as a start does not need it; and kept, as `import` takes its time each time.
  let reading: Promise<typeof import("./reply/reply.ts")> | undefined;

  const once = async (
    request: ApiRequest,
    { signal, idempotencyKey, expectsJson }: SendOptions,
    last: boolean,
  ): Promise<ApiReply> => {
    const { url, stamp, account, outgoing } = await dress(request, idempotencyKey);
    const isGet = request.method === "GET";
    const known = isGet && etags.size > 0 ? etags.get(keyFor(request, account)) : undefined;
    if (known !== undefined) outgoing.headers["if-none-match"] = known.etag;
    let incoming = await client.exchange(url, outgoing, signal);
    if (REDIRECTS.has(incoming.status)) incoming = await follow(url, outgoing, incoming, signal);
    if (incoming.status === 304 && known !== undefined) return known.reply;
    // A 401 is refused before anything is done, so it is safe to send again with a newer credential. Once, never in a loop.
    if (incoming.status === 401 && !last && (await credentials.renew(stamp)))
      return once(request, { signal, idempotencyKey, expectsJson }, true);
    reading ??= import("./reply/reply.ts");
    const { replyOf, statusError } = await reading;
    if (incoming.status < 200 || incoming.status > 299) throw statusError(incoming, credentials);
    const reply = await replyOf(incoming, credentials, expectsJson);
    const { etag } = incoming.headers;
    if (isGet && etag !== undefined) etags.set(keyFor(request, account), etag, reply);
    return reply;
  };

  /**
   * Follows redirects, each checked. Credentials go to the first origin only, and not again once another origin was
   * passed, even when that leads back.
   */
  const follow = async (
    from: URL,
    outgoing: { method: string; headers: Record<string, string> },
    first: Incoming,
    signal: Stop,
  ): Promise<Incoming> => {
    let incoming = first;
    let at = from;
    let { headers } = outgoing;
    for (let hop = 0; REDIRECTS.has(incoming.status); hop += 1) {
      const { location = "" } = incoming.headers;
      if (hop >= Math.min(maxRedirects, 3) || !/^(GET|HEAD)$/.test(outgoing.method))
        throw new UpstreamError(
          "redirected",
          `The API redirects (${incoming.status}), which is not followed${hop > 0 ? " any further" : ""}.`,
          { status: incoming.status },
        );
      if (!URL.canParse(location, at.href))
        throw new UpstreamError("bad_reply", "The API redirects to something that is no URL.");
      at = new URL(location, at);
      if (at.origin !== from.origin) headers = openHeaders(headers);
      incoming = await client.exchange(at, { method: outgoing.method, headers }, signal);
    }
    return incoming;
  };

  return {
    send: (request, sending) => once(request, sending, false),
    keyOf: async (request) => keyFor(request, await credentials.account(request.schemes, request.caller)),
    hostOf({ server }) {
      if (server === undefined) return undefined;
      const { host } = baseOf(server);
      return host === base.host ? undefined : host;
    },
    async preview(request, idempotencyKey) {
      const { url, outgoing } = await dress(request, idempotencyKey);
      const { method, headers, shownBody: body } = outgoing;
      const { blank } = await import("./secrecy/redact.ts");
      const scrub = (text: string): string => blank(text, credentials.secrets());
      const shown = Object.entries(headers).map(([name, value]) => [name, scrub(value)]);
      return {
        method,
        url: scrub(url.href),
        headers: Object.fromEntries(shown),
        ...(body === undefined ? {} : { body: scrub(body) }),
      };
    },
    close: () => client.close(),
  };
}

/** The headers that another origin may see. */
const openHeaders = ({
  accept = "*/*",
  "user-agent": userAgent = "",
}: Record<string, string>): Record<string, string> => ({
  accept,
  "user-agent": userAgent,
});
