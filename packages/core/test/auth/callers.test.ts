// Once a caller is in: whose session it is, how long a stream lasts, and what ends it.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { initialize, META, toolCall } from "../fixtures/raw.ts";
import { bearer, ERAS, openServer, send } from "./endpoint.ts";
import { type Issuer, startIssuer } from "./issuer.ts";

const folder = mkdtempSync(join(tmpdir(), "auth-callers-"));
const killList = join(folder, "revoked.json");
let issuer: Issuer;
let server: Awaited<ReturnType<typeof openServer>>;
const start = () => openServer({ auth: "oauth", authIssuer: issuer.url, authRevoked: killList });
beforeAll(async () => {
  issuer = await startIssuer();
  writeFileSync(killList, "{}", { mode: 0o600 });
  server = await start();
});
afterAll(async () => {
  await server.close();
  issuer.close();
  rmSync(folder, { recursive: true });
});

const as = async (claims: Record<string, unknown> = {}) => bearer(await issuer.sign({ claims }, server.url));
const status = async (claims: Record<string, unknown> = {}) =>
  (await ERAS["2026"](server.endpoint, [await as(claims)])).status;

describe("a session", () => {
  const open = async (claims: Record<string, unknown> = {}): Promise<[string, string]> => {
    const { headers } = await send(server.endpoint, { headers: [await as(claims)], body: initialize(0) });
    return ["mcp-session-id", headers["mcp-session-id"] as string];
  };
  /** The status, or what the call itself was refused with. */
  const call = async (session: [string, string], claims: Record<string, unknown> = {}) => {
    const headers = [session, await as(claims)];
    const { status, json } = await send(server.endpoint, { headers, body: toolCall(1, "guarded", {}) });
    return status === 200 && json.error !== undefined ? json.error : status;
  };

  test("is its caller's, by whichever token, and nobody else's: not another subject's, and not another client's", async () => {
    const session = await open();
    expect(await call(session, { jti: "refreshed", exp: Math.floor(Date.now() / 1_000) + 900 })).toBe(200);
    expect(await call(session, { sub: "eve" })).toBe(404);
    expect(await call(session, { client_id: "other-app" })).toBe(404);
    expect(await call(session, { client_id: undefined })).toBe(404);
    const id = session[1];
    const last = id.slice(0, -1) + (id.endsWith("0") ? "1" : "0");
    expect(await call(["mcp-session-id", last])).toBe(404);
  });

  test("has the scopes of each request's token, which may be more than it was opened with, or less", async () => {
    const session = await open({ scope: "lab:read" });
    expect(await call(session, { scope: "lab:read" })).toBe(403);
    expect(await call(session, { scope: "lab:read lab:write", jti: "more" })).toBe(200);
    expect(await call(session, { scope: "lab:write", jti: "less" })).toBe(403);
  });
});

test("a requestState is its caller's, issuer and client included", async () => {
  const asking = { ...META, "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } } };
  const headers: [string, string][] = [
    ["mcp-protocol-version", "2026-07-28"],
    ["mcp-method", "tools/call"],
    ["mcp-name", "remove"],
  ];
  const first = toolCall(1, "remove", { id: "n1" }, asking);
  const { json } = await send(server.endpoint, { headers: [...headers, await as()], body: first });
  const { requestState, inputRequests } = json.result;
  const [key = ""] = Object.keys(inputRequests);
  const answer = { [key]: { action: "accept", content: { sure: true } } };
  const retry = { ...first, id: 2, params: { ...first.params, requestState, inputResponses: answer } };
  for (const claims of [{ sub: "eve" }, { client_id: "other-app" }])
    expect((await send(server.endpoint, { headers: [...headers, await as(claims)], body: retry })).json).toMatchObject({
      error: { code: -32_602 },
    });
  expect(server.lab.events).not.toContain("remove n1");
  expect((await send(server.endpoint, { headers: [...headers, await as()], body: retry })).json.error).toBeUndefined();
});

const listen = {
  jsonrpc: "2.0",
  id: 7,
  method: "subscriptions/listen",
  params: { notifications: { toolsListChanged: true }, _meta: META },
};
const streams = {
  "2026": async (authorization: [string, string]) => ({
    method: "POST",
    body: JSON.stringify(listen),
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": listen.method,
      authorization: authorization[1],
    },
  }),
  "2025": async (authorization: [string, string]) => {
    const { headers } = await send(server.endpoint, { headers: [authorization], body: initialize(0) });
    return {
      method: "GET",
      headers: {
        accept: "text/event-stream",
        "mcp-session-id": headers["mcp-session-id"] as string,
        authorization: authorization[1],
      },
    };
  },
};

describe("a stream", () => {
  const isOpen = async (response: Response): Promise<boolean> => {
    const read = async () => {
      for await (const _chunk of response.body as ReadableStream<Uint8Array>);
      return false;
    };
    return Promise.race([read(), new Promise<boolean>((resolve) => setTimeout(resolve, 4_000, true))]);
  };

  test.concurrent.each(["2025", "2026"] as const)(
    "%s: ends when its token does, and its client is told 401 then",
    async (era) => {
      const exp = Math.floor(Date.now() / 1_000) + 2;
      const response = await fetch(server.url, await streams[era](await as({ exp, sub: `short-${era}` })));
      expect(response.status).toBe(200);
      expect(await isOpen(response)).toBe(false);
      expect(Date.now()).toBeGreaterThanOrEqual(exp * 1_000);
    },
  );

  test.concurrent.each(["2025", "2026"] as const)("%s: goes on while its token holds", async (era) => {
    const left = new AbortController();
    const response = await fetch(server.url, {
      ...(await streams[era](await as({ sub: `long-${era}` }))),
      signal: left.signal,
    });
    expect(await isOpen(response).catch(() => "aborted")).toBe(true);
    left.abort();
  });

  test("ends when its caller is revoked", async () => {
    const response = await fetch(server.url, await streams["2026"](await as({ sub: "gone" })));
    expect(response.status).toBe(200);
    writeFileSync(killList, '{"sub":["gone"]}');
    expect(await isOpen(response)).toBe(false);
    writeFileSync(killList, "{}");
  });
});

describe("the kill list", () => {
  test.each([
    ["sub", { sub: "mallory" }, "mallory"],
    ["jti", { jti: "leaked" }, "leaked"],
    ["kid", {}, "k1"],
  ])(
    "by %s: refused from the next request on, one control event, and after a restart",
    async (member, claims, value) => {
      expect(await status(claims)).toBe(200);
      const before = server.events.length;
      writeFileSync(killList, JSON.stringify({ [member]: [value] }));
      expect(await status(claims)).toBe(401);
      const events = server.events.slice(before);
      expect(events).toMatchObject([{ what: "key", name: `${member} ${value}`, before: "accepted", after: "revoked" }]);
      expect(events[0]?.by).toMatch(/^uid \d+$|^operator$/);
      if (member !== "kid") expect(await status()).toBe(200);
      const again = await start();
      const token = bearer(await issuer.sign({ claims }, again.url));
      expect((await ERAS["2026"](again.endpoint, [token])).status).toBe(401);
      await again.close();
      writeFileSync(killList, "{}");
      expect(await status(claims)).toBe(200);
    },
  );

  test("by kid also refuses a token of that key that does not name it", async () => {
    const nameless = async () => bearer(await issuer.sign({ header: { kid: undefined } }, server.url));
    const call = async () => (await ERAS["2026"](server.endpoint, [await nameless()])).status;
    expect(await call()).toBe(200);
    writeFileSync(killList, '{"kid":["k1"]}');
    expect(await call()).toBe(401);
    writeFileSync(killList, "{}");
    expect(await call()).toBe(200);
  });

  test("that is a link in a circle goes on as it was, with a stream open", async () => {
    const stream = await fetch(server.url, await streams["2026"](await as({ sub: "circle" })));
    writeFileSync(killList, '{"sub":["mallory"]}');
    expect(await status({ sub: "mallory" })).toBe(401);
    rmSync(killList);
    symlinkSync(killList, killList);
    expect([await status(), await status({ sub: "mallory" })]).toEqual([200, 401]);
    // Open streams are looked at each second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await status()).toBe(200);
    await stream.body?.cancel();
    rmSync(killList);
    writeFileSync(killList, "{}", { mode: 0o600 });
  });

  test("that is broken, or gone, goes on as it was", async () => {
    writeFileSync(killList, '{"sub":["mallory"]}');
    expect(await status({ sub: "mallory" })).toBe(401);
    const wrong = ["{", "[]", '{"subs":[]}', '{"sub":"mallory"}', '{"sub":null}', '{"sub":["x"],"s\\u0075b":[]}', ""];
    for (const text of wrong) {
      writeFileSync(killList, text);
      expect([text, await status({ sub: "mallory" })]).toEqual([text, 401]);
    }
    rmSync(killList);
    expect(await status({ sub: "mallory" })).toBe(401);
    expect(await status()).toBe(200);
    writeFileSync(killList, "{}", { mode: 0o600 });
    expect(await status({ sub: "mallory" })).toBe(200);
  });

  test("while the audit cannot be written: what is added counts, what is taken out does not", async () => {
    let full = false;
    server.app.control.keep((events) => {
      if (full && events.some(({ by }) => by !== "server")) throw new Error("disk full");
    });
    writeFileSync(killList, '{"sub":["one"]}');
    expect(await status({ sub: "one" })).toBe(401);
    full = true;
    writeFileSync(killList, '{"sub":["two"]}');
    expect([await status({ sub: "one" }), await status({ sub: "two" })]).toEqual([401, 401]);
    full = false;
    await expect.poll(() => status({ sub: "one" })).toBe(200);
    expect(await status({ sub: "two" })).toBe(401);
    writeFileSync(killList, "{}");
  });
});
