// What a client is told that is not let in, or not far enough: RFC 6750, 8707 and 9728, and the specification's own rules.
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { defineServer, defineTool } from "../../src/index.ts";
import { initialize, META, toolCall } from "../fixtures/raw.ts";
import { type Answer, bearer, ERAS, openServer, send, sendRaw } from "./endpoint.ts";
import { type Issuer, startIssuer, type TokenChanges } from "./issuer.ts";

let issuer: Issuer;
let server: Awaited<ReturnType<typeof openServer>>;
beforeAll(async () => {
  issuer = await startIssuer();
  server = await openServer({ auth: "oauth", authIssuer: issuer.url });
});
afterAll(async () => {
  await server.close();
  issuer.close();
});

const METADATA = "/.well-known/oauth-protected-resource";
/** The parameters of a challenge, by RFC 9110's grammar. */
function challengeOf({ headers }: Answer): Record<string, string> {
  const text = String(headers["www-authenticate"]);
  expect(text).toMatch(/^Bearer( [a-z_]+="[^"\\]*"(, [a-z_]+="[^"\\]*")*)?$/);
  return Object.fromEntries([...text.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}
const with_ = async (changes: TokenChanges) => bearer(await issuer.sign(changes, server.url));

describe.each(Object.keys(ERAS) as (keyof typeof ERAS)[])("%s", (era) => {
  test("without a token: 401 with where the metadata is, and without an error", async () => {
    const answer = await ERAS[era](server.endpoint, []);
    expect(answer.status).toBe(401);
    expect(challengeOf(answer)).toEqual({
      resource_metadata: `${new URL(server.url).origin}${METADATA}/mcp`,
      scope: "lab:read lab:write",
    });
  });

  test("without a scope: 403 that names all of the call and those it has, and nothing has run", async () => {
    const before = server.lab.events.length;
    const answer = await ERAS[era](server.endpoint, [await with_({ claims: { scope: "lab:read other" } })]);
    expect(answer.status).toBe(403);
    expect(challengeOf(answer)).toMatchObject({ error: "insufficient_scope", scope: "lab:read other lab:write" });
    expect(challengeOf(answer).resource_metadata).toContain(METADATA);
    expect(answer.json).toMatchObject({
      id: 1,
      error: { code: -32_003, data: { required: ["lab:read", "lab:write"] } },
    });
    expect(server.lab.events.length).toBe(before);
    const line = server.log.map((one) => JSON.parse(one)).findLast(({ status }) => status === 403);
    expect(line).toMatchObject({ reason: "insufficient_scope", caller: "ada", required: ["lab:read", "lab:write"] });
  });

  test.each([
    ["lab:*"],
    ["*"],
    ["lab"],
    ["lab:read lab:writer"],
    ["lab:read lab:write2 xlab:write"],
    ["lab:read,lab:write"],
    ["LAB:READ LAB:WRITE"],
    [""],
    [undefined],
    [["lab:read", "lab:write"]],
    [{ 0: "lab:read" }],
  ])("the scopes %j are matched exactly", async (scope) => {
    expect((await ERAS[era](server.endpoint, [await with_({ claims: { scope } })])).status).toBe(403);
    expect((await ERAS[era](server.endpoint, [await with_({ claims: { scope } })], "echo", { text: "x" })).status).toBe(
      200,
    );
  });

  test("a token that was good and has ended is told so, with the scopes it had", async () => {
    const exp = Math.floor(Date.now() / 1_000) - 60;
    const answer = await ERAS[era](server.endpoint, [await with_({ claims: { exp, scope: "lab:extra" } })]);
    expect(answer.status).toBe(401);
    expect(challengeOf(answer)).toMatchObject({ error: "invalid_token", scope: "lab:extra lab:read lab:write" });
  });
});

test("in a batch, the refusal names the one that lacks a scope, and none of them runs", async () => {
  const headers = [await with_({ claims: { scope: "lab:read" } })];
  const { params, ...hello } = initialize(0);
  const opened = await send(server.endpoint, {
    headers,
    body: { ...hello, params: { ...params, protocolVersion: "2025-03-26" } },
  });
  const before = server.lab.events.length;
  const { status, json } = await send(server.endpoint, {
    headers: [["mcp-session-id", opened.headers["mcp-session-id"] as string], ...headers],
    body: [{ jsonrpc: "2.0", id: 1, method: "ping" }, toolCall(2, "guarded", {})],
  });
  expect([status, json.error.message]).toEqual([403, "guarded needs the scopes lab:read lab:write."]);
  expect(server.lab.events.length).toBe(before);
});

test("a request that needs some scopes is told of those alone; one that needs none, of all there are", async () => {
  const ask = (body: unknown) => send(server.endpoint, { body });
  const read = { jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri: "lab://none", _meta: META } };
  for (const body of [initialize(0), read, "not JSON-RPC", { method: 7 }])
    expect(challengeOf(await ask(body)).scope).toBe("lab:read lab:write");
  expect(challengeOf(await send(server.endpoint, { method: "GET" })).scope).toBe("lab:read lab:write");
});

describe("the metadata", () => {
  test.each([METADATA, `${METADATA}/mcp`])("%s: who asks learns where tokens are had, from any page", async (path) => {
    const answer = await send(server.endpoint, {
      method: "GET",
      path,
      headers: [["origin", "https://inspector.example"]],
    });
    expect(answer).toMatchObject({ status: 200, headers: { "access-control-allow-origin": "*" } });
    expect(answer.json).toEqual({
      resource: server.url,
      authorization_servers: [issuer.url],
      scopes_supported: ["lab:read", "lab:write"],
      bearer_methods_supported: ["header"],
    });
    expect((await send(server.endpoint, { method: "OPTIONS", path })).status).toBe(204);
    expect((await send(server.endpoint, { method: "DELETE", path })).status).toBe(405);
  });

  test("is nowhere else", async () => {
    for (const path of [`${METADATA}/other`, `${METADATA}/`, "/.well-known/oauth-authorization-server"])
      expect((await send(server.endpoint, { method: "GET", path })).status).toBe(404);
  });

  test("names the URL that clients use, and its host is served", async () => {
    const behind = await openServer({
      auth: "oauth",
      authIssuer: issuer.url,
      publicUrl: "https://mcp.example.com/notes/mcp",
    });
    const raw = (path: string) => sendRaw(behind.endpoint, `GET ${path} HTTP/1.1\r\nHost: mcp.example.com\r\n\r\n`);
    expect(await raw(`${METADATA}/notes/mcp`)).toContain('"resource":"https://mcp.example.com/notes/mcp"');
    expect(await raw("/mcp")).toContain(`resource_metadata="https://mcp.example.com${METADATA}/notes/mcp"`);
    expect(await raw("/mcp")).toMatch(/^HTTP\/1.1 401 /);
    const token = await issuer.sign({}, "https://mcp.example.com/notes/mcp");
    expect((await ERAS["2026"](behind.endpoint, [bearer(token)])).status).toBe(200);
    expect((await ERAS["2026"](behind.endpoint, [await with_({})])).status).toBe(401);
    await behind.close();
  });
});

test("a page that may call can read the challenge", async () => {
  const { headers } = await send(server.endpoint, {
    headers: [["origin", new URL(server.url).origin]],
    body: initialize(0),
  });
  expect(headers["access-control-expose-headers"]).toContain("www-authenticate");
});

test("no token is in any line of the log, and each refusal says whose key it was and why", async () => {
  const good = await issuer.sign({ claims: { jti: "good" } }, server.url);
  const bad = await issuer.sign({ claims: { aud: "https://other.example", sub: "eve" } });
  for (const token of [good, bad, `${good}x`, "short.secret.token-of-someone"])
    await ERAS["2026"](server.endpoint, [bearer(token)]);
  const log = server.log.join("\n");
  for (const token of [good, bad]) {
    for (const part of token.split("."))
      for (let at = 0; at + 12 <= part.length; at += 1)
        // The claims of every token begin alike with what is public.
        expect(log.includes(part.slice(at, at + 12))).toBe(false);
  }
  expect(log).not.toContain("token-of-someone");
  const lines = server.log.map((line) => JSON.parse(line));
  expect(lines).toContainEqual(expect.objectContaining({ status: 401, reason: "claim aud", sub: "eve", kid: "k1" }));
  expect(lines).toContainEqual(expect.objectContaining({ msg: "call", caller: "ada", outcome: "ok" }));
});

test("no handler sees the token, wherever it looks", async () => {
  let seen = "";
  const look = defineTool({
    name: "look_around",
    title: "Look around",
    description: "Looks at all that it was given.",
    inputSchema: z.object({}),
    outputSchema: z.object({}),
    scopes: ["lab:read"],
    handler: (_input, call) => {
      seen = inspect(call, { depth: 12, showHidden: true, getters: true, maxStringLength: 1e6 });
      return {};
    },
  });
  const curious = await openServer(
    { auth: "oauth", authIssuer: issuer.url },
    {},
    defineServer({ name: "curious", version: "1.0.0", tools: [look] }),
  );
  const token = await issuer.sign({}, curious.url);
  for (const era of Object.values(ERAS)) {
    seen = "";
    expect((await era(curious.endpoint, [bearer(token)], "look_around")).status).toBe(200);
    expect(seen).toContain("oauth");
    for (let at = 0; at + 12 <= token.length; at += 4) expect(seen.includes(token.slice(at, at + 12))).toBe(false);
  }
  await curious.close();
});
