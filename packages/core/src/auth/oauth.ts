import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Caller } from "../contract/context.ts";
import { type Authentication, bearer, type Denied } from "../protocol/http/authorization.ts";
import { LEEWAY_S, TokenRefused, type Typ } from "./access-claims.ts";
import { NONE, refuse, tokenOf } from "./credentials.ts";
import { type KeySet, KeysUnavailable } from "./key-set.ts";
import type { Revoked } from "./revoked.ts";
import { type Verified, verifyToken } from "./verify-token.ts";

/** What an OAuth resource server is made with. */
export interface OAuthOptions {
  issuer: string;
  /** What tokens must be for. @default the resource */
  audience: string | undefined;
  /** @default "at+jwt" */
  typ?: Typ | undefined;
  /** The URL that clients use. @default where the endpoint listens */
  resource: string | undefined;
  /** Every scope that something here needs. */
  scopes: () => readonly string[];
  keys: KeySet;
  revoked: Revoked;
}

/** Tokens that are remembered, and not verified again while the keys are the same. */
const MAX_VERIFIED = 1_000;

const METADATA = "/.well-known/oauth-protected-resource";

/** An OAuth 2.1 resource server: it verifies access tokens, and says where to get them (RFC 9728). */
export function createOAuth({
  issuer,
  typ = "at+jwt",
  scopes,
  keys,
  revoked,
  ...options
}: OAuthOptions): Authentication {
  const verified = new LRUCache<string, Verified>({ max: MAX_VERIFIED });
  let resource = options.resource ?? "";
  /** What a caller was known by. */
  const tokens = new WeakMap<Caller, Verified>();
  const metadataPath = (): string => `${METADATA}${new URL(resource).pathname.replace(/\/$/, "")}`;
  const identify = async (token: string): Promise<Verified> => {
    // The token itself is not kept.
    const name = createHash("sha256").update(token).digest("base64");
    const known = verified.get(name);
    // Its key may have been taken away, also while it was being verified.
    if (known === undefined || known.keys !== (await keys.current())) {
      const fresh = await verifyToken(token, keys, { issuer, typ, audience: options.audience ?? resource });
      verified.set(name, fresh);
      return fresh;
    }
    const { caller, kid } = known;
    if (caller.expiresAt + LEEWAY_S * 1_000 <= Date.now())
      throw new TokenRefused("expired", { kid, sub: caller.id }, caller.scopes);
    return known;
  };

  return {
    async identify(request) {
      const token = tokenOf(request);
      if (token === undefined) return NONE;
      try {
        const found = await identify(token);
        const { caller, kid, jti } = found;
        tokens.set(caller, found);
        const by = revoked.names({ sub: caller.id, kid, jti });
        return by === undefined ? caller : refuse(`revoked by ${by}`, { kid, sub: caller.id });
      } catch (error) {
        return deniedFor(error);
      }
    },
    challenge: (error, wanted) =>
      bearer({
        error,
        error_description: error === undefined ? undefined : DESCRIPTIONS[error],
        resource_metadata: new URL(metadataPath(), resource).href,
        scope: wanted.join(" "),
      }),
    holds(caller) {
      const token = tokens.get(caller);
      // Where nothing but streams is open, nobody else looks at the keys.
      keys.problem();
      if (token === undefined || !keys.keeps(token.kid, token.keys)) return false;
      const { kid, jti } = token;
      return Date.now() < (caller.expiresAt ?? 0) && revoked.names({ sub: caller.id, kid, jti }) === undefined;
    },
    document(path) {
      if (path !== METADATA && path !== `${METADATA}/mcp` && path !== metadataPath()) return undefined;
      return {
        resource,
        authorization_servers: [issuer],
        scopes_supported: scopes(),
        bearer_methods_supported: ["header"],
      };
    },
    listening(url) {
      resource ||= url;
    },
    problem: keys.problem,
  };
}

const DESCRIPTIONS = {
  invalid_token: "The access token expired, was revoked, or is not for this server",
  insufficient_scope: "The request needs a scope that the access token does not have",
};

function deniedFor(error: unknown): Denied {
  if (error instanceof TokenRefused) return refuse(error.message, error.facts, error.granted);
  if (!(error instanceof KeysUnavailable)) throw error;
  // Not 401: clients would have their users sign in again, at a server that does not answer.
  return { status: 503, reason: error.message, retryAfterS: error.retryAfterS };
}
