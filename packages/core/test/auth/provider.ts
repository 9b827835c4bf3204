/**
 * A real authorization server on this machine, for development and tests: oidc-provider with everything in memory, where
 * a client registers itself, and `signIn` does what a person does in a browser. Never for others: it lets anyone in.
 */
import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK } from "jose";
// @ts-expect-error it has no types of its own
import * as oidc from "oidc-provider";
import type { Json } from "../fixtures/raw.ts";

const Provider = oidc.default;

/** Where clients go back to after a sign-in: nothing listens there, `signIn` reads the address. */
export const REDIRECT = "http://127.0.0.1:9/callback";

/** What a provider is made with. */
export interface ProviderOptions {
  /** The URL of the server that tokens are for. */
  resource: string;
  /** What that server has. */
  scopes: string[];
  /** Registered beforehand, as oidc-provider takes them. */
  clients?: object[];
  /** How long tokens last, in s. */
  ttlS?: number;
}

export async function startProvider({ resource, scopes, clients = [], ttlS = 300 }: ProviderOptions) {
  const makeKey = async (kid: string): Promise<JWK> => {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    return { ...(await exportJWK(privateKey)), kid, use: "sig", alg: "ES256" };
  };
  let answer: (request: IncomingMessage, response: ServerResponse) => unknown;
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state = { user: "ada", keys: [await makeKey("first")] };

  const getResourceServerInfo = (_context: unknown, indicator: string) => {
    if (indicator !== resource) throw new oidc.errors.InvalidTarget();
    return {
      scope: scopes.join(" "),
      audience: resource,
      accessTokenFormat: "jwt",
      accessTokenTTL: ttlS,
      jwt: { sign: { alg: "ES256" } },
    };
  };
  const serve = () => {
    const provider = new Provider(url, {
      clients,
      clientDefaults: { id_token_signed_response_alg: "ES256" },
      scopes: ["openid", "offline_access", ...scopes],
      jwks: { keys: state.keys },
      ttl: {
        AccessToken: ttlS,
        ClientCredentials: ttlS,
        Grant: 3_600,
        IdToken: 3_600,
        Interaction: 3_600,
        Session: 3_600,
      },
      cookies: { keys: ["development"] },
      pkce: { required: () => true },
      findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
      interactions: { url: (_context: unknown, { uid }: Json) => `/interaction/${uid}` },
      issueRefreshToken: (_context: unknown, client: Json, code: Json) =>
        client.grantTypeAllowed("refresh_token") && code.scopes.has("offline_access"),
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        registration: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: (_context: unknown, _client: unknown, oneOf?: string) => oneOf ?? resource,
          useGrantedResource: () => true,
          getResourceServerInfo,
        },
      },
    });
    // It tells everyone who starts it that it is not configured for production, which it is not.
    provider.on("server_error", (_context: unknown, error: unknown) => console.error(error));
    const callback = provider.callback();
    answer = (request, response) =>
      request.url?.startsWith("/interaction/") ? interact(provider, request, response) : callback(request, response);
  };
  /** Says yes to every question that a person is asked. */
  const interact = async (provider: Json, request: IncomingMessage, response: ServerResponse) => {
    const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
    if (prompt.name === "login")
      return provider.interactionFinished(request, response, { login: { accountId: state.user } });
    const { missingOIDCScope = [], missingResourceScopes = {} } = prompt.details;
    const grant = grantId
      ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    if (missingOIDCScope.length > 0) grant.addOIDCScope(missingOIDCScope.join(" "));
    for (const [indicator, missing] of Object.entries<string[]>(missingResourceScopes))
      grant.addResourceScope(indicator, missing.join(" "));
    const consent = { grantId: await grant.save() };
    return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
  };
  serve();
  return {
    url,
    state,
    makeKey,
    /** Signs with the first of these keys from now on, and publishes all of them. */
    useKeys(keys: JWK[]) {
      state.keys = keys;
      serve();
    },
    /** What a person's browser does from the address that a client opens to the one that it goes back to. */
    signIn,
    /** Tokens of a public client for these scopes and no other, by the code flow with PKCE, as RFC 7636 writes it. */
    async tokens(client_id: string, scope: string): Promise<{ access_token: string; scope: string }> {
      const code_verifier = randomBytes(32).toString("base64url");
      const code_challenge = createHash("sha256").update(code_verifier).digest("base64url");
      const shared = { client_id, redirect_uri: REDIRECT, resource };
      const asked = {
        ...shared,
        response_type: "code",
        scope,
        code_challenge,
        code_challenge_method: "S256",
        state: "s",
      };
      const back = await signIn(`${url}/auth?${new URLSearchParams(asked)}`);
      const code = back.searchParams.get("code") as string;
      const body = new URLSearchParams({ ...shared, grant_type: "authorization_code", code, code_verifier });
      return (await (await fetch(`${url}/token`, { method: "POST", body })).json()) as never;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((done) => void server.close(() => done()));
    },
  };
}

/** Follows an authorization request to its end, with cookies, and gives the address back that it ends at. */
async function signIn(authorizationUrl: string | URL): Promise<URL> {
  const jar = new Map<string, string>();
  let at = new URL(authorizationUrl);
  const { origin } = at;
  for (let hop = 0; hop < 12; hop += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(at, { redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = line.split(";")[0]?.split(/=(.*)/s) ?? [];
      jar.set(name, value);
    }
    const to = response.headers.get("location");
    if (to === null)
      throw new Error(
        `the sign-in stopped with ${response.status} at ${at.pathname}: ${(await response.text()).slice(0, 300)}`,
      );
    await response.body?.cancel();
    at = new URL(to, at);
    if (at.origin !== origin) return at;
  }
  throw new Error("the sign-in went round in circles");
}
