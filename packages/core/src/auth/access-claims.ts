import type { JWTPayload } from "jose";
import type { Caller } from "../contract/context.ts";

/** Which `typ` access tokens have: that of RFC 9068, or any that issuers use without it. */
export type Typ = "at+jwt" | "jwt";

/** A token that does not count, and why. Its text is for the log and holds nothing of the token but names. */
export class TokenRefused extends Error {
  readonly facts: Record<string, unknown>;
  /** Scopes of a token that was genuine and has expired. */
  readonly granted: readonly string[] | undefined;
  constructor(reason: string, facts: Record<string, unknown> = {}, granted?: readonly string[]) {
    super(reason);
    this.name = "TokenRefused";
    this.facts = facts;
    this.granted = granted;
  }
}

/** How far the clocks of two servers may be apart, in s. */
export const LEEWAY_S = 30;

/** `application/` may be left out, and case does not count (RFC 7515, 4.1.9). */
const plain = (typ: unknown): string | undefined =>
  typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : undefined;

/** @throws TokenRefused for a token whose header says that it is another kind, or does not say which */
export function checkTyp(typ: unknown, expected: Typ, facts: Record<string, unknown>): void {
  const said = plain(typ);
  if (said === "at+jwt") return;
  if (said !== "jwt" && typ !== undefined) throw new TokenRefused("typ", { ...facts, typ: String(typ).slice(0, 32) });
  if (expected === "at+jwt") throw new TokenRefused(`typ ${said ?? "missing"}, not at+jwt; see --auth-typ`, facts);
}

/** What ID tokens and logout tokens have, and access tokens do not. */
const OF_OTHER_KINDS = ["nonce", "at_hash", "c_hash", "s_hash", "events"];
/** Where libraries that issue both write that a token is for refreshing. */
const NAME_REFRESH = ["token_type", "type", "use", "purpose"];

/**
 * Tells an access token from the others of its issuer, where its header does not (RFC 8725, 3.12): an ID token for an
 * application that is client and API at once has the same issuer, keys and audience.
 *
 * @throws TokenRefused
 */
export function checkKind(payload: JWTPayload, header: { typ?: string | undefined; kid?: string | undefined }): void {
  if (plain(header.typ) === "at+jwt") return;
  const { typ, token_use, scope, scp } = payload;
  const other =
    OF_OTHER_KINDS.find((claim) => claim in payload) ??
    // Keycloak's name of the kind, and Cognito's.
    (typ !== undefined && plain(typ) !== "bearer" ? "typ" : undefined) ??
    (token_use !== undefined && token_use !== "access" ? "token_use" : undefined) ??
    NAME_REFRESH.find((claim) => /refresh/i.test(JSON.stringify(payload[claim] ?? "")));
  const facts = { kid: header.kid, sub: String(payload.sub).slice(0, 256) };
  if (other !== undefined) throw new TokenRefused(`of another kind, by its claim ${other}`, facts);
  if (scope === undefined && scp === undefined) throw new TokenRefused("of another kind: it names no scopes", facts);
}

/** The caller of a token whose signature holds. @throws TokenRefused */
export function callerOf(payload: JWTPayload, kid: string | undefined): Caller & { expiresAt: number } {
  const { sub, exp, iat, cnf, iss, client_id, azp, cid } = payload;
  const facts = { kid, sub: typeof sub === "string" ? sub.slice(0, 256) : undefined };
  if (typeof sub !== "string" || !isName(sub)) throw new TokenRefused("claim sub", facts);
  if (typeof exp !== "number") throw new TokenRefused("claim exp", facts);
  if (iat !== undefined && !((iat as number) <= Date.now() / 1_000 + LEEWAY_S))
    throw new TokenRefused("claim iat", facts);
  // Bound to a key that the client has to prove: taken as a plain token, a stolen one would do.
  if (cnf !== undefined) throw new TokenRefused("bound to a key (cnf), which is not supported", facts);
  const client = [client_id, azp, cid].find((one) => typeof one === "string") as string | undefined;
  return { id: sub, scopes: scopesOf(payload), method: "oauth", issuer: iss, client, expiresAt: exp * 1_000 };
}

/** Of `scope`, or else of `scp`, as Entra and Okta name it. Without either a token has none, which is not the same as all. */
export function scopesOf({ scope, scp }: JWTPayload): string[] {
  const said = scope ?? scp;
  if (typeof said === "string") return said.split(" ").filter((one) => one !== "");
  return scope === undefined && Array.isArray(said) ? said.filter((one) => typeof one === "string") : [];
}

/** Ids that mean that nobody authenticates: as the id of a caller they would free it of limits and rules. */
const RESERVED = ["local", "anonymous"];
/** Whether a text can be the id of a caller: OpenID Connect's 255 characters, all of them visible. */
export const isName = (text: string): boolean =>
  /^[\x20-\x7e]{1,255}$/.test(text) && text.trim() === text && !RESERVED.includes(text);
