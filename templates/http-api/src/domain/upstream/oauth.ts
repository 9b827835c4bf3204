import { UpstreamError } from "../errors.ts";
import { blank, type Credentials } from "./credentials.ts";
import type { Secret } from "./secret.ts";

/** OAuth 2.0 client credentials (RFC 6749, 4.4). */
export interface OAuthOptions {
  tokenUrl: string;
  clientId: string;
  clientSecret: Secret;
  scope?: string | undefined;
  /** Sends the form and gives back the parsed answer: the guarded client, so that a token URL is held to the same rules. */
  post(url: string, form: Record<string, string>, headers: Record<string, string>): Promise<unknown>;
  /** Monotonic ms. Default `performance.now`. */
  now?: () => number;
}

/** A token is renewed this long before it ends, in ms, so that it does not end on its way. */
const EARLY_MS = 30_000;

/** Gets a token when it is needed, once for everybody who waits for it, and again before it ends or when it is refused. */
export function createOAuth(options: OAuthOptions): Credentials {
  const { tokenUrl, clientId, clientSecret, scope, post, now = () => performance.now() } = options;
  const tokens = new Set<string>();
  let held: { token: string; until: number } | undefined;
  let asking: Promise<string> | undefined;

  const ask = async (): Promise<string> => {
    const form = { grant_type: "client_credentials", ...(scope === undefined ? {} : { scope }) };
    const secret = await clientSecret.read();
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString("base64");
    tokens.add(basic);
    const answer = (await post(tokenUrl, form, { authorization: `Basic ${basic}` })) as {
      access_token?: unknown;
      expires_in?: unknown;
    } | null;
    const token = answer?.access_token;
    if (typeof token !== "string" || !/^[\x21-\x7e]{1,16384}$/.test(token))
      throw new UpstreamError("no_token", "The token URL answered without an access_token.", { notSent: true });
    tokens.add(token);
    // A server that does not say how long gets five minutes.
    const seconds = Number(answer?.expires_in) > 0 ? Number(answer?.expires_in) : 300;
    held = { token, until: now() + Math.max(seconds * 1_000 - EARLY_MS, seconds * 500) };
    return token;
  };

  const current = (): Promise<string> => {
    if (held !== undefined && held.until > now()) return Promise.resolve(held.token);
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };

  return {
    async dress() {
      const token = await current();
      return { headers: { authorization: `Bearer ${token}` }, query: [], stamp: token };
    },
    async renew(stamp) {
      // Another call may have renewed it since: then there is something new already.
      if (held?.token === stamp) held = undefined;
      return (await current()) !== stamp;
    },
    scrub: (text) => blank(text, [...tokens, ...clientSecret.known]),
  };
}
