// An authorization server by hand, for what a real one never does: jose signs whatever it is told to.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

export interface SigningKey {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  jwk: JWK;
}

export async function makeKey(kid: string, alg = "ES256"): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** Claims and header of a good token; `undefined` leaves one out. */
export interface TokenChanges {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  key?: SigningKey;
}

/** Where an issuer is below its origin, and where it has its metadata. */
export interface IssuerPlaces {
  path?: string | undefined;
  metadata?: string | undefined;
}

export async function startIssuer({ path = "", metadata: at }: IssuerPlaces = {}) {
  const key = await makeKey("k1");
  const state = {
    keys: [key.jwk] as unknown[],
    /** Answers the request for keys in another way. */
    behave: undefined as ((request: IncomingMessage, response: ServerResponse) => void) | undefined,
    /** Members that its metadata has besides, or instead. */
    metadata: {} as Record<string, unknown>,
    /** Answers what is asked at any other place. */
    elsewhere: (_request: IncomingMessage, response: ServerResponse): unknown => response.writeHead(404).end(),
    /** Requests for its keys. */
    looks: 0,
  };
  const server = createServer((request, response) => {
    if (request.url === "/jwks") {
      state.looks += 1;
      if (state.behave !== undefined) return state.behave(request, response);
      return response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: state.keys }));
    }
    if (request.url !== (at ?? "/.well-known/oauth-authorization-server")) return state.elsewhere(request, response);
    const metadata = { issuer: url, jwks_uri: `${origin}/jwks`, ...state.metadata };
    return response.setHeader("content-type", "application/json").end(JSON.stringify(metadata));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}${path}`;
  const sign = ({ claims = {}, header = {}, key: by = key }: TokenChanges = {}, audience = "") => {
    const now = Math.floor(Date.now() / 1_000);
    const payload = {
      iss: url,
      aud: audience,
      sub: "ada",
      client_id: "app",
      scope: "lab:read lab:write",
      iat: now,
      exp: now + 300,
      jti: "j1",
      ...claims,
    };
    return new SignJWT(payload as never)
      .setProtectedHeader({ alg: by.alg, kid: by.kid, typ: "at+jwt", ...header } as never)
      .sign(by.privateKey, header.crit === undefined ? undefined : { crit: { x: true } });
  };
  return {
    url,
    key,
    state,
    sign,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
export type Issuer = Awaited<ReturnType<typeof startIssuer>>;
