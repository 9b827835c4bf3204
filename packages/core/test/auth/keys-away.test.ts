// Keys that cannot be had for long, and keys that are exchanged under one name: what that means for those who are in.
import type { IncomingMessage } from "node:http";
import { SignJWT } from "jose";
import { expect, onTestFinished, test } from "vitest";
import { createKeySet } from "../../src/auth/key-set.ts";
import { createOAuth } from "../../src/auth/oauth.ts";
import { NOTHING_REVOKED } from "../../src/auth/revoked.ts";
import { initialize, META } from "../fixtures/raw.ts";
import { bearer, ERAS, openServer, send } from "./endpoint.ts";
import { makeKey, startIssuer } from "./issuer.ts";

const ISSUER = "https://as.example.com";
const RESOURCE = "https://mcp.example.com/mcp";
const MINUTE = 60_000;

/** A resource server whose time and whose issuer are this test's. */
async function simulated() {
  const key = await makeKey("k1");
  const state = { now: 0, published: [key.jwk] as object[] | undefined };
  const keys = createKeySet(
    async () => {
      if (state.published === undefined) throw new Error("away");
      return state.published;
    },
    { maxAgeMs: MINUTE, now: () => state.now, changed() {}, trouble() {} },
  );
  const options = { issuer: ISSUER, audience: undefined, resource: RESOURCE, scopes: () => [] };
  const oauth = createOAuth({ ...options, keys, revoked: NOTHING_REVOKED });
  const sign = (named: { kid?: string | undefined } = { kid: "k1" }) =>
    new SignJWT({ scope: "lab:read" })
      .setProtectedHeader({ alg: key.alg, ...named, typ: "at+jwt" } as never)
      .setIssuer(ISSUER)
      .setAudience(RESOURCE)
      .setSubject("ada")
      .setExpirationTime("1d")
      .sign(key.privateKey);
  const identify = async (token: string) =>
    oauth.identify({ headers: { authorization: `Bearer ${token}` } } as IncomingMessage);
  return { key, state, keys, oauth, sign, identify };
}

test("while the issuer is away, its last keys let tokens in for an hour, and then nobody: 503, not 401", async () => {
  const { state, keys, oauth, sign, identify } = await simulated();
  await keys.reload();
  const token = await sign();
  expect(await identify(token)).toMatchObject({ id: "ada" });
  state.published = undefined;
  for (const minutes of [1, 30, 59]) {
    state.now = minutes * MINUTE;
    // A token that was seen before, and one that was not.
    for (const one of [token, await sign()]) expect(await identify(one)).toMatchObject({ id: "ada" });
    expect(oauth.problem?.()).toBeUndefined();
  }
  state.now = 61 * MINUTE;
  for (const one of [token, await sign()])
    expect(await identify(one)).toMatchObject({ status: 503, retryAfterS: expect.any(Number) });
  expect(oauth.problem?.()).toBe("the keys of the issuer cannot be had");
  state.published = [(await makeKey("k2")).jwk];
  await keys.reload();
  expect(await identify(token)).toMatchObject({ status: 401 });
  expect(oauth.problem?.()).toBeUndefined();
});

test.each(["k1", undefined])("a caller holds no longer once the key of its token (kid %s) is another", async (kid) => {
  const { key, state, keys, oauth, sign, identify } = await simulated();
  const { kid: _kid, ...nameless } = key.jwk;
  state.published = [kid === undefined ? nameless : key.jwk];
  await keys.reload();
  const caller = await identify(await sign({ kid }));
  if (!("id" in caller)) throw new Error("not let in");
  expect(oauth.holds(caller)).toBe(true);
  const others = (await makeKey("k2")).jwk;
  state.published = [...state.published, others];
  await keys.reload();
  expect(oauth.holds(caller)).toBe(true);
  const { kid: _other, ...impostor } = (await makeKey("k1")).jwk;
  state.published = [kid === undefined ? impostor : { ...impostor, kid }, others];
  await keys.reload();
  expect(oauth.holds(caller)).toBe(false);
});

test.each(["2025", "2026"] as const)(
  "%s: a stream ends when its key is exchanged under the same kid",
  async (era) => {
    const issuer = await startIssuer();
    const server = await openServer({ auth: "oauth", authIssuer: issuer.url, authMaxAge: 1 });
    onTestFinished(async () => {
      await server.close();
      issuer.close();
    });
    const [name, authorization] = bearer(await issuer.sign({}, server.url));
    const common = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      [name]: authorization,
    };
    const listen = async (): Promise<Response> => {
      if (era === "2026")
        return fetch(server.url, {
          method: "POST",
          headers: { ...common, "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" },
          body: JSON.stringify({
            ...{ jsonrpc: "2.0", id: 1, method: "subscriptions/listen" },
            params: { notifications: { toolsListChanged: true }, _meta: META },
          }),
        });
      const { headers } = await send(server.endpoint, { headers: [[name, authorization]], body: initialize(0) });
      return fetch(server.url, { headers: { ...common, "mcp-session-id": headers["mcp-session-id"] as string } });
    };
    const response = await listen();
    expect(response.status).toBe(200);
    issuer.state.keys = [(await makeKey("k1")).jwk];
    for await (const _chunk of response.body as ReadableStream<Uint8Array>);
    expect((await ERAS[era](server.endpoint, [[name, authorization]])).status).toBe(401);
  },
  30_000,
);

test("/readyz says no while no token can be checked, and yes once one can be", async () => {
  const issuer = await startIssuer();
  issuer.state.behave = (_request, response) => response.writeHead(500).end();
  const server = await openServer({ auth: "oauth", authIssuer: issuer.url });
  onTestFinished(async () => {
    await server.close();
    issuer.close();
  });
  const ready = async () => (await send(server.endpoint, { method: "GET", path: "/readyz" })).status;
  expect(await ready()).toBe(503);
  expect(server.log.join()).toContain("the issuer's keys cannot be had");
  issuer.state.behave = undefined;
  await expect.poll(ready, { timeout: 20_000 }).toBe(200);
  issuer.state.behave = (_request, response) => response.writeHead(500).end();
  // With keys that are known it works on.
  expect(await ready()).toBe(200);
});
