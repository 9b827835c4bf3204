// Tokens of real authorization servers, header and claims as their documentation shows them, and where each has its
// metadata. Signature, issuer, audience and times are put in when a test signs them.
import type { IssuerPlaces } from "./issuer.ts";

interface Token {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
}

interface Provider extends IssuerPlaces {
  name: string;
  /** What it has where its metadata is not. */
  elsewhere?: "a page";
  access: Token & { client: string | undefined };
  /** Whatever else it signs with the same key. */
  others: Record<string, Token>;
}

const scope = "openid profile lab:read lab:write";
const none = { typ: undefined };
const logout = {
  header: { typ: "logout+jwt" },
  claims: { events: { "http://schemas.openid.net/event/backchannel-logout": {} }, scope: undefined },
};

export const PROVIDERS: Provider[] = [
  {
    name: "Keycloak",
    path: "/realms/lab",
    metadata: "/realms/lab/.well-known/openid-configuration",
    access: {
      client: "app",
      header: { typ: "JWT" },
      claims: {
        ...{ typ: "Bearer", azp: "app", sid: "8c1a", acr: "1", auth_time: 1, scope, email_verified: false },
        ...{ realm_access: { roles: ["offline_access"] }, "allowed-origins": ["*"], preferred_username: "ada" },
      },
    },
    others: {
      "an ID token": {
        header: { typ: "JWT" },
        claims: { typ: "ID", azp: "app", at_hash: "x", sid: "8c1a", acr: "1", scope: undefined },
      },
      "an ID token without at_hash": { header: { typ: "JWT" }, claims: { typ: "ID", azp: "app", scope: undefined } },
      "a refresh token": { header: { typ: "JWT" }, claims: { typ: "Refresh", azp: "app", scope } },
      "an offline token": { header: { typ: "JWT" }, claims: { typ: "Offline", azp: "app", scope } },
      "a logout token": logout,
    },
  },
  {
    name: "Auth0",
    path: "/",
    metadata: "/.well-known/openid-configuration",
    elsewhere: "a page",
    access: {
      client: "iHfL",
      header: { typ: "JWT" },
      claims: { sub: "auth0|5f7c", azp: "iHfL", gty: "password", permissions: ["lab:admin"], scope },
    },
    others: {
      "an ID token": { header: { typ: "JWT" }, claims: { nonce: "n", sid: "s", nickname: "ada", scope: undefined } },
      "an ID token without a nonce": { header: { typ: "JWT" }, claims: { nickname: "ada", scope: undefined } },
    },
  },
  {
    name: "Entra",
    path: "/7f8d/v2.0",
    metadata: "/7f8d/v2.0/.well-known/openid-configuration",
    access: {
      client: "6731de76",
      header: { typ: "JWT", x5t: "HlC0R12skxNZ1WQwmjOF_6t_tDE" },
      claims: {
        ...{ scope: undefined, scp: "lab:read lab:write", azp: "6731de76", azpacr: "1", ver: "2.0", tid: "7f8d" },
        ...{ aio: "x", rh: "x", uti: "x", oid: "690222be", sub: "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ" },
      },
    },
    others: {
      // An application that is client and API at once: both are for it.
      "an ID token": {
        header: { typ: "JWT", x5t: "x" },
        claims: { ver: "2.0", nonce: "n", aio: "x", oid: "6902", roles: ["lab:write"], scope: undefined },
      },
      "an ID token without a nonce": {
        header: { typ: "JWT", x5t: "x" },
        claims: { ver: "2.0", aio: "x", oid: "6902", roles: ["lab:write"], scope: undefined },
      },
    },
  },
  {
    name: "Okta",
    path: "/oauth2/default",
    metadata: "/oauth2/default/.well-known/openid-configuration",
    access: {
      client: "0oabucvy",
      header: none,
      claims: {
        ...{ ver: 1, cid: "0oabucvy", uid: "00uid4Bx", scope: undefined, scp: ["lab:read", "lab:write"] },
        ...{ auth_time: 1, jti: "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE", sub: "ada@example.com" },
      },
    },
    others: {
      "an ID token": {
        header: none,
        claims: { ver: 1, amr: ["pwd"], idp: "00ok1u7A", nonce: "n", at_hash: "x", jti: "ID.4eAW", scope: undefined },
      },
    },
  },
  {
    name: "Cognito",
    path: "/us-east-1_example",
    metadata: "/us-east-1_example/.well-known/openid-configuration",
    access: {
      client: "xxxx",
      header: none,
      claims: {
        ...{ token_use: "access", client_id: "xxxx", origin_jti: "a", event_id: "b", version: 2, username: "ada" },
        ...{ "cognito:groups": ["testgroup"], auth_time: 1, scope },
      },
    },
    others: {
      "an ID token": {
        header: none,
        claims: { token_use: "id", "cognito:username": "ada", at_hash: "x", auth_time: 1, scope: undefined },
      },
      "an ID token with a claim that says scope": { header: none, claims: { token_use: "id", scope } },
    },
  },
  {
    name: "an issuer of RFC 9068",
    access: { client: "s6BhdRkqt3", header: { typ: "at+JWT" }, claims: { client_id: "s6BhdRkqt3", scope } },
    others: { "a logout token": logout },
  },
];
