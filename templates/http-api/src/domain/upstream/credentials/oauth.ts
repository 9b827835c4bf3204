import { UpstreamError } from "../../errors.ts";
import type { Client } from "../client.ts";
import type { Credentials } from "./credentials.ts";
import { createKnown, type Secret } from "./secret.ts";

/** OAuth 2.0 client credentials (RFC 6749, 4.4). */
export interface OAuthOptions {
  tokenUrl: string;
  clientId: string;
  clientSecret: Secret;
  scope?: string | undefined;
  /** What else the token URL is told: `audience`, `resource`. */
  parameters?: Readonly<Record<string, string>>;
  /** Monotonic ms. Default `performance.now`. */
  now?: () => number;
}

/** A token is renewed this long before it ends, in ms, so that it does not end on its way. */
const EARLY_MS = 30_000;
/** For a server that does not say how long its tokens last, in s. */
const DEFAULT_SECONDS = 300;
/** Time for one request to the token URL, in ms. */
const TOKEN_MS = 10_000;

/**
 * Gets a token when it is needed, once for all who wait for it, and again before it ends or when it is refused.
 * The token URL is asked through `client`, so it is held to the same rules as the API.
 */
export function createOAuth(
  client: Client,
  { tokenUrl, clientId, clientSecret, scope, parameters = {}, now = () => performance.now() }: OAuthOptions,
): Credentials {
  const tokens = createKnown();
  let held: { token: string; account: string; until: number } | undefined;
  let asking: { account: string; token: Promise<string> } | undefined;

  const ask = async (secret: string): Promise<string> => {
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString("base64");
    tokens.add(basic);
    const { status, bytes } = await client.exchange(
      new URL(tokenUrl),
      {
        method: "POST",
        headers: {
          accept: "application/json",
          "content-type": "application/x-www-form-urlencoded",
          authorization: `Basic ${basic}`,
        },
        body: new URLSearchParams({
          ...parameters,
          grant_type: "client_credentials",
          ...(scope && { scope }),
        }).toString(),
      },
      AbortSignal.timeout(TOKEN_MS),
    );
    const { access_token: token, expires_in: seconds } = parseToken(bytes);
    if (status !== 200 || typeof token !== "string" || !/^[\x21-\x7e]{1,16384}$/.test(token))
      throw new UpstreamError("no_token", `The token URL answered with status ${status} and no usable access_token.`, {
        notSent: true,
      });
    tokens.add(token);
    const lastsMs = (Number(seconds) > 0 ? Number(seconds) : DEFAULT_SECONDS) * 1_000;
    held = { token, account: secret, until: now() + Math.max(lastsMs - EARLY_MS, lastsMs / 2) };
    return token;
  };

  // A token of the secret before is another account's, however long it lasts.
  const current = async (account: string): Promise<string> => {
    if (held?.account === account && held.until > now()) return held.token;
    if (asking?.account === account) return asking.token;
    const own = { account, token: ask(account) };
    asking = own;
    try {
      return await own.token;
    } finally {
      if (asking === own) asking = undefined;
    }
  };

  return {
    async dress() {
      const account = await clientSecret.read();
      const token = await current(account);
      return { headers: { authorization: `Bearer ${token}` }, query: [], stamp: token, account };
    },
    account: () => clientSecret.read(),
    async renew(stamp) {
      // Another call may have renewed it since: then there is something new already.
      if (held?.token === stamp) held = undefined;
      return (await current(await clientSecret.read())) !== stamp;
    },
    secrets: () => [...tokens, ...clientSecret.known],
  };
}

function parseToken(bytes: Buffer): { access_token?: unknown; expires_in?: unknown } {
  try {
    return JSON.parse(bytes.toString("utf8")) ?? {};
  } catch {
    return {};
  }
}
