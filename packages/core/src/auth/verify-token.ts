import { decodeProtectedHeader, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Caller } from "../contract/context.ts";
import { callerOf, checkKind, checkTyp, LEEWAY_S, scopesOf, TokenRefused, type Typ } from "./access-claims.ts";
import { type KeySet, type Keys, KeysUnavailable } from "./key-set.ts";

/** What an access token has to say. */
export interface Expected {
  issuer: string;
  audience: string;
  typ: Typ;
}

/** A token that was verified. */
export interface Verified {
  caller: Caller & { expiresAt: number };
  /** Of the key that it was verified by. */
  kid: string | undefined;
  jti: string | undefined;
  /** The keys among which that one was. */
  keys: Keys;
}

/** Signatures by public keys. With HS256 the public key would be the secret; `none` is no signature. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
/** Headers that bring a key or an address along, or an extension that nothing here knows. */
const REFUSED_HEADERS = ["jwk", "jku", "x5u", "x5c", "crit", "b64"];

/**
 * Verifies an access token: a JWT of this issuer for this audience, by one of the issuer's keys and no other.
 *
 * @throws TokenRefused for what does not count
 * @throws KeysUnavailable where that cannot be told now
 */
export async function verifyToken(token: string, keys: KeySet, expected: Expected): Promise<Verified> {
  const { kid } = checkHeader(token, expected.typ);
  try {
    return await verify(token, await keys.current(), expected);
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey) || (kid !== undefined && keys.wasRemoved(kid)))
      throw refusal(error, kid);
  }
  // The issuer may have a new key by now.
  try {
    return await verify(token, await keys.newer(), expected);
  } catch (error) {
    throw refusal(error, kid);
  }
}

/** @throws TokenRefused before any key is looked for */
function checkHeader(token: string, expected: Typ): { kid: string | undefined } {
  let header: Record<string, unknown>;
  try {
    header = decodeProtectedHeader(token) as Record<string, unknown>;
  } catch {
    throw new TokenRefused("malformed");
  }
  const { alg, kid, typ } = header;
  if (kid !== undefined && (typeof kid !== "string" || kid.length > 256)) throw new TokenRefused("malformed kid");
  const facts = { kid };
  if (!ALGORITHMS.includes(alg as string))
    throw new TokenRefused("algorithm", { ...facts, alg: String(alg).slice(0, 32) });
  const refused = REFUSED_HEADERS.find((name) => name in header);
  if (refused !== undefined) throw new TokenRefused(`header ${refused}`, facts);
  checkTyp(typ, expected, facts);
  return { kid };
}

async function verify(token: string, keys: Keys, { issuer, audience }: Expected): Promise<Verified> {
  const options = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    requiredClaims: ["exp", "sub"],
    clockTolerance: LEEWAY_S,
  };
  const by = async (find: JWTVerifyGetKey): Promise<Verified> => {
    const { payload, protectedHeader, key } = await jwtVerify(token, find, options);
    // A token may leave out the name of its key, and that name may be on the kill list.
    const kid = protectedHeader.kid ?? (await keys.kidOf(key, protectedHeader));
    checkKind(payload, protectedHeader);
    const jti = typeof payload.jti === "string" ? payload.jti : undefined;
    return { caller: callerOf(payload, kid), kid, jti, keys };
  };
  try {
    return await by(keys.find);
  } catch (error) {
    // Keys without a kid, or two with the same one: any of them may be it.
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await by(async () => key);
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function refusal(error: unknown, kid: string | undefined): unknown {
  if (error instanceof TokenRefused || error instanceof KeysUnavailable) return error;
  if (error instanceof errors.JWTExpired) {
    const { payload } = error;
    return new TokenRefused("expired", { kid, sub: payload.sub }, scopesOf(payload));
  }
  if (error instanceof errors.JWTClaimValidationFailed)
    return new TokenRefused(`claim ${error.claim}`, { kid, sub: error.payload.sub });
  if (error instanceof errors.JWKSNoMatchingKey) return new TokenRefused("unknown key", { kid });
  if (error instanceof errors.JOSEError) return new TokenRefused(error.code, { kid });
  // A key that cannot be used: too short, of another curve.
  return new TokenRefused("unusable key", { kid, problem: (error as Error).message });
}
