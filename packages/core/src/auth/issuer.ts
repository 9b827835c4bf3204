import type { JWK } from "jose";
import { SettingsError } from "../flags.ts";
import { FetchError, fetchJson } from "./fetch-json.ts";

/** Where an issuer's metadata may be: RFC 8414 first, then OpenID Connect Discovery as it is written and as it is done. */
function placesOf(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  return [
    ...new Set([
      `${origin}/.well-known/oauth-authorization-server${path}`,
      `${origin}/.well-known/openid-configuration${path}`,
      `${origin}${path}/.well-known/openid-configuration`,
    ]),
  ];
}

/**
 * Finds where an issuer has its keys.
 *
 * @throws SettingsError where its metadata is another issuer's, or names no keys that may be used: waiting helps nothing
 * @throws FetchError where it cannot be asked now
 */
export async function findKeys(issuer: string, signal: AbortSignal): Promise<string> {
  let last: FetchError | undefined;
  for (const place of placesOf(issuer)) {
    let metadata: Record<string, unknown>;
    try {
      metadata = await fetchJson(place, signal);
    } catch (error) {
      // One that cannot be reached hides nothing behind another of its paths.
      if (!(error instanceof FetchError) || error.status === 0) throw error;
      last = error;
      continue;
    }
    if (metadata.issuer !== issuer)
      throw new SettingsError(
        `--auth-issuer ${issuer}: its metadata says that it is ${JSON.stringify(metadata.issuer)}. Give it exactly so, or ask why it differs.`,
      );
    const uri = String(metadata.jwks_uri);
    const plain = issuer.startsWith("http:");
    if (!URL.canParse(uri) || !(uri.startsWith("https:") || (plain && isLoopback(new URL(uri)))))
      throw new SettingsError(`--auth-issuer ${issuer}: its metadata names no jwks_uri with https.`);
    return uri;
  }
  throw last as FetchError;
}

/** Most keys of an issuer that are looked at. */
const MAX_KEYS = 64;
const PUBLIC_MEMBERS = ["kty", "kid", "alg", "use", "key_ops", "crv", "x", "y", "n", "e"] as const;

/** The public signing keys at an address, without anything else that came with them. @throws FetchError */
export async function fetchKeys(uri: string, signal: AbortSignal): Promise<JWK[]> {
  const { keys } = await fetchJson(uri, signal);
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) throw new FetchError(`${uri} is no set of keys`, 200);
  return keys
    .filter((key) => ["RSA", "EC", "OKP"].includes(key?.kty) && key.use !== "enc")
    .map(
      (key) => Object.fromEntries(PUBLIC_MEMBERS.filter((name) => name in key).map((name) => [name, key[name]])) as JWK,
    );
}

/** Whether an address is this machine's: the only one that may do without TLS. */
export const isLoopback = ({ protocol, hostname }: URL): boolean =>
  protocol === "http:" && (["localhost", "[::1]"].includes(hostname) || /^127\.\d+\.\d+\.\d+$/.test(hostname));
