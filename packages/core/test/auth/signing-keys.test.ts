// Keys of an issuer come and go, and the issuer itself: a new one is taken soon, one that was taken away is refused soon,
// and nobody is sent to sign in again because a server does not answer.
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { SignJWT } from "jose";
import { describe, type OnTestFinishedHandler, test } from "vitest";
import { createKeySet } from "../../src/auth/key-set.ts";
import { createOAuth } from "../../src/auth/oauth.ts";
import { NOTHING_REVOKED } from "../../src/auth/revoked.ts";
import { initialize } from "../fixtures/raw.ts";
import { bearer, ERAS, openServer, send } from "./endpoint.ts";
import { makeKey, startIssuer, type TokenChanges } from "./issuer.ts";

type Behave = NonNullable<Awaited<ReturnType<typeof startIssuer>>["state"]["behave"]>;
/** Tests that run side by side have each their own end. */
type Finished = (fn: OnTestFinishedHandler) => void;

async function open(onTestFinished: Finished, settings: { authMaxAge?: number } = {}, behave?: Behave) {
  const issuer = await startIssuer();
  issuer.state.behave = behave;
  const server = await openServer({ auth: "oauth", authIssuer: issuer.url, ...settings });
  onTestFinished(async () => {
    await server.close();
    issuer.close();
  });
  const call = async (changes?: TokenChanges) =>
    (await ERAS["2026"](server.endpoint, [bearer(await issuer.sign(changes, server.url))])).status;
  return { issuer, server, call };
}

describe.concurrent("signing keys", { timeout: 90_000 }, () => {
  test("a new one is accepted by the first token that it signs, and the change is one control event", async ({
    onTestFinished,
    expect,
  }) => {
    const { issuer, server, call } = await open(onTestFinished);
    expect(await call()).toBe(200);
    const next = await makeKey("k2");
    issuer.state.keys = [issuer.key.jwk, next.jwk];
    expect(await Promise.all(Array.from({ length: 20 }, () => call({ key: next })))).toEqual(Array(20).fill(200));
    expect(issuer.state.looks).toBe(2);
    expect(server.events).toEqual([
      { what: "key", name: issuer.url, before: ["k1"], after: ["k1", "k2"], by: "server" },
    ]);
  });

  test("one that was taken away is refused after the longest age, also for a token that was verified before", async ({
    onTestFinished,
    expect,
  }) => {
    const { issuer, call } = await open(onTestFinished, { authMaxAge: 1 });
    const next = await makeKey("k2");
    const token = { claims: { jti: "cached" } };
    expect(await call(token)).toBe(200);
    issuer.state.keys = [next.jwk];
    await expect.poll(() => call(token), { interval: 200 }).toBe(401);
    expect(await call({ key: next })).toBe(200);
  });

  test("one that was taken away ends the streams of its tokens, also where nothing else comes", async ({
    onTestFinished,
    expect,
  }) => {
    const { issuer, server } = await open(onTestFinished, { authMaxAge: 1 });
    const authorization = bearer(await issuer.sign({}, server.url));
    const { headers } = await send(server.endpoint, { headers: [authorization], body: initialize(0) });
    const response = await fetch(server.url, {
      headers: {
        accept: "text/event-stream",
        "mcp-session-id": headers["mcp-session-id"] as string,
        authorization: authorization[1],
      },
    });
    expect(response.status).toBe(200);
    issuer.state.keys = [(await makeKey("k2")).jwk];
    await response.text();
  });

  test("one that is taken away while a token of it is verified leaves nothing that is remembered", async ({
    expect,
  }) => {
    const [key, next] = [await makeKey("k1"), await makeKey("k2")];
    let published = [key.jwk];
    const keys = createKeySet(async () => published, { maxAgeMs: 60_000, changed() {}, trouble() {} });
    const resource = "https://mcp.example.com/mcp";
    const oauth = createOAuth({
      ...{ issuer: "https://as.example.com", audience: undefined, resource, scopes: () => [] },
      ...{ keys, revoked: NOTHING_REVOKED },
    });
    const token = await new SignJWT({ scope: "lab:read" })
      .setProtectedHeader({ alg: key.alg, kid: "k1", typ: "at+jwt" })
      .setIssuer("https://as.example.com")
      .setAudience(resource)
      .setSubject("ada")
      .setExpirationTime("5m")
      .sign(key.privateKey);
    const identify = () => oauth.identify({ headers: { authorization: `Bearer ${token}` } } as IncomingMessage);
    await keys.reload();
    published = [next.jwk];
    const running = identify();
    await keys.reload();
    await running;
    expect(await identify()).toMatchObject({ status: 401 });
  });

  test("another key under the same kid is another key", async ({ onTestFinished, expect }) => {
    const { issuer, call } = await open(onTestFinished, { authMaxAge: 1 });
    expect(await call()).toBe(200);
    const impostor = await makeKey("k1");
    issuer.state.keys = [impostor.jwk];
    await expect.poll(() => call(), { interval: 200 }).toBe(401);
    expect(await call({ key: impostor })).toBe(200);
  });

  test("two keys under one kid both count, and so do keys without one", async ({ onTestFinished, expect }) => {
    const { issuer, call } = await open(onTestFinished);
    const twin = await makeKey("k1");
    const { kid: _kid, ...nameless } = (await makeKey("x")).jwk;
    issuer.state.keys = [twin.jwk, issuer.key.jwk, nameless];
    await sleep(2_100);
    expect(await call({ header: { kid: "unseen" } })).toBe(401);
    expect(await call()).toBe(200);
    expect(await call({ key: twin })).toBe(200);
    expect(await call({ header: { kid: undefined } })).toBe(200);
  });

  test("made up kids cost the issuer one request per cooldown, however many come", async ({
    onTestFinished,
    expect,
  }) => {
    const { issuer, call } = await open(onTestFinished);
    const answers: Promise<number>[] = [];
    const since = performance.now();
    for (let second = 0; second < 60; second += 1) {
      answers.push(call({ header: { kid: `junk-${second}` } }));
      await sleep(50);
    }
    expect(new Set(await Promise.all(answers))).toEqual(new Set([401]));
    // One at the start, then one in two seconds.
    expect(issuer.state.looks).toBeLessThanOrEqual(2 + (performance.now() - since) / 2_000);
    expect(await call()).toBe(200);
  });
});

describe.concurrent("an issuer that", { timeout: 90_000 }, () => {
  const behaviours: [string, Behave][] = [
    ["hangs", () => {}],
    ["answers 500", (_request, response) => response.writeHead(500).end()],
    ["answers with a page", (_request, response) => response.end("<html>maintenance</html>")],
    ["answers with another document", (_request, response) => response.end('{"keys":{}}')],
    ["answers with a list", (_request, response) => response.end("[]")],
    ["answers without an end", (_request, response) => void setInterval(() => response.write(" "), 100).unref()],
    [
      "answers with 50 MB",
      (_request, response) => {
        response.write('{"keys":[],"x":"');
        for (let mb = 0; mb < 50; mb += 1) response.write("x".repeat(1_048_576));
        response.end('"}');
      },
    ],
    [
      "sends elsewhere",
      (_request, response) => response.writeHead(302, { location: "http://169.254.169.254/keys" }).end(),
    ],
    ["hangs up", (_request, response) => response.destroy()],
  ];
  test.for(behaviours)(
    "%s: the last keys go on, a new one waits with 503",
    async ([, behave], { onTestFinished, expect }) => {
      const { issuer, server, call } = await open(onTestFinished, { authMaxAge: 1 });
      expect(await call()).toBe(200);
      issuer.state.behave = behave;
      await sleep(1_200);
      expect(await call()).toBe(200);
      expect(await call({ claims: { jti: "new" } })).toBe(200);
      const unknown = await ERAS["2026"](server.endpoint, [
        bearer(await issuer.sign({ key: await makeKey("k2") }, server.url)),
      ]);
      expect(unknown).toMatchObject({ status: 503, headers: { "retry-after": expect.stringMatching(/^\d+$/) } });
      expect(unknown.headers["www-authenticate"]).toBeUndefined();
      issuer.state.behave = undefined;
      await expect.poll(() => call()).toBe(200);
    },
  );

  test.for(behaviours.slice(0, 4))(
    "%s from the start: 503, and 200 once it answers",
    async ([, behave], { onTestFinished, expect }) => {
      const { issuer, server } = await open(onTestFinished, {}, behave);
      const token = bearer(await issuer.sign({}, server.url));
      for (const era of [ERAS["2025"], ERAS["2026"]]) {
        const { status, headers } = await era(server.endpoint, [token]);
        expect([status, headers["retry-after"]]).toEqual([503, "2"]);
      }
      issuer.state.behave = undefined;
      await expect.poll(async () => (await ERAS["2026"](server.endpoint, [token])).status).toBe(200);
    },
  );

  test("publishes no key any more has taken all away", async ({ onTestFinished, expect }) => {
    const { issuer, call } = await open(onTestFinished, { authMaxAge: 1 });
    expect(await call()).toBe(200);
    issuer.state.keys = [];
    await expect.poll(() => call(), { interval: 200 }).toBe(401);
  });

  test("publishes a secret or a private key has its public ones taken", async ({ onTestFinished, expect }) => {
    const { issuer, call } = await open(onTestFinished);
    const { exportJWK } = await import("jose");
    const key = await makeKey("k3");
    issuer.state.keys = [
      { kty: "oct", k: "c2VjcmV0", kid: "oct" },
      { ...(await exportJWK(key.privateKey)), kid: "k3" },
      7,
      null,
    ];
    expect(await call({ key })).toBe(200);
  });
});

test("an issuer whose metadata is another's, or leads away, stops the start in one line", async ({
  onTestFinished,
  expect,
}) => {
  const issuer = await startIssuer();
  onTestFinished(issuer.close);
  for (const [metadata, said] of [
    [{ issuer: "https://other.example" }, /its metadata says that it is "https:\/\/other.example"/],
    [{ issuer: `${issuer.url}/` }, /Give it exactly so/],
    [{ jwks_uri: "http://169.254.169.254/keys" }, /no jwks_uri with https/],
    [{ jwks_uri: "file:///etc/passwd" }, /no jwks_uri with https/],
    [{ jwks_uri: undefined }, /no jwks_uri with https/],
  ] as const) {
    issuer.state.metadata = metadata;
    await expect(openServer({ auth: "oauth", authIssuer: issuer.url })).rejects.toThrow(said);
  }
  expect(issuer.state.looks).toBe(0);
});
