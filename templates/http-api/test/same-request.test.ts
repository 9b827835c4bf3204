import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { defineServer } from "@offshoot/core";
import { connect } from "@offshoot/core/testing";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createApi } from "../src/api.ts";
import type { Document } from "../src/domain/openapi/document/document.ts";
import { listOperations } from "../src/domain/openapi/operations.ts";
import type { ApiRequest } from "../src/domain/operation.ts";
import { type Credentials, createCredentials, type Wear } from "../src/domain/upstream/credentials/credentials.ts";
import { createOAuth } from "../src/domain/upstream/credentials/oauth.ts";
import { createSecret } from "../src/domain/upstream/credentials/secret.ts";
import { severalCredentials } from "../src/domain/upstream/credentials/several.ts";
import type { UpstreamOptions } from "../src/domain/upstream/upstream.ts";
import { createUpstream } from "../src/guarded.ts";
import { apiTools } from "../src/tools/index.ts";
import { described } from "./fixtures/description.ts";

/** An API that answers with what it was asked, under one ETag for everything; or fails. */
let failing = false;
let slowly = 0;
let refused = "";
let arrived = 0;
const echo = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const { authorization = "" } = request.headers;
    // Not tried again, so nobody waits.
    if (failing) return response.writeHead(501).end();
    if (refused !== "" && authorization.includes(refused)) return response.writeHead(401).end();
    if (request.url === "/token") {
      const token = { access_token: createHash("sha256").update(`${authorization}${arrived}`).digest("hex") };
      return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(token));
    }
    arrived += 1;
    if (request.headers["if-none-match"] !== undefined) return response.writeHead(304).end();
    const { method, url, headers } = request;
    const own = Object.entries(headers).filter(([name]) => /^x-|^content-type$|^authorization$/.test(name));
    const body = Buffer.concat(parts).toString();
    const seen = { method, url, headers: Object.fromEntries(own), body, nth: arrived };
    response.writeHead(200, { "content-type": "application/json", etag: '"same"' });
    setTimeout(() => response.end(JSON.stringify(seen)), slowly);
  });
});
let baseUrl: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
});
afterAll(() => echo.close());
beforeEach(() => {
  failing = false;
  slowly = 0;
  refused = "";
});

const word = fc.constantFrom("a", "b", "a=b", "a&b", "1", '"');
const requests: fc.Arbitrary<ApiRequest> = fc.record({
  operation: fc.constant("search"),
  method: fc.constant("GET"),
  path: fc.constantFrom("/s", "/t"),
  query: fc.array(fc.tuple(word, word), { maxLength: 2 }),
  headers: fc.dictionary(fc.constantFrom("x-one", "x-two"), fc.constantFrom("a", "b"), { maxKeys: 2 }),
  body: fc.option(
    fc.record({
      contentType: fc.constantFrom("application/json", "text/plain"),
      text: fc.constantFrom('{"q":"a"}', '{"q":"b"}'),
    }),
    { nil: undefined },
  ),
});

/** A credential for each caller. */
const caller = new AsyncLocalStorage<string>();
const who = async (): Promise<string> => caller.getStore() ?? "";
const perCaller: Credentials = {
  dress: async () => ({ headers: { authorization: await who() }, query: [], stamp: await who(), account: await who() }),
  account: who,
  renew: async () => false,
  secrets: () => [],
};

/** What the API has to have seen of a request. */
const asSeen = ({ name, request: { method, path, query, headers, body } }: { name: string; request: ApiRequest }) => {
  const params = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value]));
  return {
    method,
    url: `${path}${params.size > 0 ? `?${params}` : ""}`,
    headers: { authorization: name, ...headers, ...(body === undefined ? {} : { "content-type": body.contentType }) },
    body: body?.text ?? "",
  };
};

const asking = fc.record({ name: fc.constantFrom("alice", "bob"), request: requests });

test("whatever differs in what is sent, the credential too, no request is given another's answer: not in flight, not by its tag, not when the API fails", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(asking, { minLength: 2, maxLength: 8 }), async (asked) => {
      const upstream = createUpstream({ baseUrl, allowedHosts: ["127.0.0.1"], credentials: perCaller });
      const api = createApi(upstream);
      const ask = () =>
        Promise.all(
          asked.map(({ name, request }) =>
            caller.run(name, () => api.send({} as never, request, { idempotent: true, cacheMs: 0 })),
          ),
        );
      const expected = asked.map(asSeen);
      failing = false;
      slowly = 2;
      expect((await ask()).map(({ reply }) => reply.body)).toMatchObject(expected);
      slowly = 0;
      // Each has an ETag now, which is the same for all of them.
      expect((await ask()).map(({ reply }) => reply.body)).toMatchObject(expected);
      failing = true;
      const old = await ask();
      expect(old.map(({ reply }) => reply.body)).toMatchObject(expected);
      expect(old.every(({ stale }) => stale)).toBe(true);
      await upstream.close();
    }),
    { numRuns: 40 },
  );
});

test("two callers who ask at the same time with different bodies each get their own answer", async () => {
  const document = described({
    "/search": {
      get: {
        operationId: "search",
        requestBody: {
          content: { "application/json": { schema: { type: "object", properties: { q: { type: "string" } } } } },
        },
        responses: { 200: { description: "ok", content: { "application/json": { schema: { type: "object" } } } } },
      },
    },
  });
  const upstream = createUpstream({ baseUrl, allowedHosts: ["127.0.0.1"] });
  const api = createApi(upstream);
  const tools = apiTools(api, listOperations(document as unknown as Document), {
    mode: "explicit",
    map: { tools: { search: "search" } },
  });
  const client = await connect(defineServer({ name: "s", version: "1.0.0", tools }), { wire: "stdio-2026" });
  slowly = 50;
  const [alice, bob] = await Promise.all(["alice", "bob"].map((q) => client.call("search", { q })));
  expect([alice?.text, bob?.text]).toEqual([expect.stringContaining("alice"), expect.stringContaining("bob")]);
  await client.close();
  await upstream.close();
});

describe("a credential that is replaced", () => {
  const get: ApiRequest = { operation: "me", method: "GET", path: "/me", query: [], headers: {}, body: undefined };
  const environment = { KEY: "" };
  const secret = () => createSecret("env:KEY", environment);
  const wears: Wear[] = [
    { kind: "bearer" },
    { kind: "header", name: "X-Key" },
    { kind: "query", name: "key" },
    { kind: "cookie", name: "session" },
    { kind: "basic", user: "shop" },
  ];
  const kinds: [string, NonNullable<UpstreamOptions["credentials"]>][] = [
    ...wears.map((wear): [string, Credentials] => [wear.kind, createCredentials(secret(), wear)]),
    ["several", severalCredentials([{ scheme: "a", credentials: createCredentials(secret(), { kind: "bearer" }) }])],
    [
      "oauth",
      (client) =>
        createOAuth(client, { tokenUrl: `${baseUrl}/token`, clientId: "shop", clientSecret: secret(), now: () => now }),
    ],
  ];
  let now = 0;
  const open = (credentials: NonNullable<UpstreamOptions["credentials"]>) => {
    const upstream = createUpstream({ baseUrl, allowedHosts: ["127.0.0.1"], credentials });
    const api = createApi(upstream);
    const ask = async (cacheMs = 0) => {
      const { reply, stale } = await api.send({} as never, get, { idempotent: true, cacheMs });
      return { ...(reply.body as { nth: number }), stale };
    };
    return { ask, close: () => upstream.close() };
  };
  beforeEach(() => {
    environment.KEY = "first-0123456789";
  });

  test.each(kinds)(
    "%s: the old one's answers are not the new one's: fresh, by tag or when the API fails",
    async (_kind, credentials) => {
      const { ask, close } = open(credentials);
      const { nth } = await ask(60_000);
      expect((await ask(60_000)).nth).toBe(nth);
      environment.KEY = "second-0123456789";
      failing = true;
      await expect(ask()).rejects.toThrow(/501|not answering/);
      failing = false;
      expect((await ask(60_000)).nth).toBeGreaterThan(nth);
      environment.KEY = "first-0123456789";
      failing = true;
      expect((await ask()).nth).toBe(nth);
      await close();
    },
  );

  test.each(kinds)(
    "%s: who asks with the new one does not wait for the old one's answer",
    async (_kind, credentials) => {
      const { ask, close } = open(credentials);
      slowly = 50;
      const before = arrived;
      const first = ask();
      while (arrived === before) await new Promise((resolve) => setTimeout(resolve, 2));
      environment.KEY = "second-0123456789";
      const [one, other] = await Promise.all([first, ask()]);
      expect(other.nth).not.toBe(one.nth);
      await close();
    },
  );

  test("an answer got with the new one after the old was refused is not kept as the old one's", async () => {
    const { ask, close } = open(createCredentials(secret(), { kind: "bearer" }));
    refused = "first-0123456789";
    const asked = ask();
    environment.KEY = "second-0123456789";
    await asked;
    environment.KEY = "first-0123456789";
    failing = true;
    await expect(ask()).rejects.toThrow(/501/);
    await close();
  });

  test("a token that was renewed is the same account: its stale answers are given, also when no token can be had", async () => {
    now = 0;
    const { ask, close } = open((kinds.at(-1) as (typeof kinds)[number])[1]);
    const { nth } = await ask();
    now = 3_600_000;
    failing = true;
    expect(await ask()).toMatchObject({ nth, stale: true });
    await close();
  });
});
