// Each caller with a credential of its own at the API, judged by what the API sees and what the other caller is shown.
import { chmodSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TestClient } from "@offshoot/core/testing";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { Config } from "../src/config.ts";
import { openApi } from "../src/open.ts";
import { httpApiServer } from "../src/server.ts";

const folder = mkdtempSync(join(tmpdir(), "callers-"));
const file = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};

/** What the API saw, and an answer by whose token came: with an ETag that is the same for everyone. */
const seen: { authorization: string | undefined; etag: string | undefined; all: string }[] = [];
let hold: Promise<void> | undefined;
const origin = createServer(async (request, response) => {
  request.resume();
  const { authorization, "if-none-match": etag } = request.headers;
  seen.push({ authorization, etag, all: JSON.stringify([request.url, request.rawHeaders]) });
  await hold;
  const [, owner] = /^Bearer (\w+)-token/.exec(authorization ?? "") ?? [];
  if (owner === undefined) return response.writeHead(401).end();
  if (etag === '"v1"') return response.writeHead(304).end();
  const text = request.url === "/long" ? `${owner}'s own words. `.repeat(2_000) : `${owner}'s inbox`;
  return response
    .writeHead(200, { "content-type": "application/json", etag: '"v1"' })
    .end(JSON.stringify({ text, token: authorization }));
});
let baseUrl: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
});
afterAll(() => void origin.close());
beforeEach(() => {
  seen.length = 0;
  hold = undefined;
});

const get = (operationId: string) => ({
  get: {
    operationId,
    responses: { 200: { description: "OK", content: { "application/json": { schema: { type: "object" } } } } },
  },
});
const description = file("api.json", {
  openapi: "3.1.0",
  info: { title: "Mail", version: "1.0.0" },
  paths: { "/inbox": get("readInbox"), "/long": get("readLong") },
});
const map = file("map.json", {
  tools: { read_inbox: { operation: "readInbox", cacheMs: 60_000 }, read_long: "readLong" },
  resources: { inbox: { operation: "readInbox", uri: "mail://inbox", cacheMs: 60_000 } },
});

async function served(authPerCaller: string, more: Record<string, string> = {}) {
  const settings = { api: description, baseUrl, map, privateHosts: "127.0.0.1", authPerCaller, ...more };
  const opened = await openApi(Config.parse(settings));
  const server = httpApiServer(opened);
  const clients: TestClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) await client.close();
    await opened.close();
  });
  return async (id: string, wire: "http-2025" | "http-2026" = "http-2026") => {
    const client = await connect(server, { wire, http: { authenticate: () => ({ id }) } });
    clients.push(client);
    return client;
  };
}
const twoCallers = () =>
  file("callers.json", { ada: `file:${file("ada", "ada-token-1")}`, ben: `file:${file("ben", "ben-token-1")}` });

test("each caller is the API's own user: in tools, resources, caches, ETags and stale copies", async () => {
  const as = await served(twoCallers());
  const [ada, ben] = [await as("ada"), await as("ben", "http-2025")];
  for (let round = 0; round < 3; round += 1)
    for (const [client, owner] of [
      [ada, "ada"],
      [ben, "ben"],
    ] as const) {
      expect((await client.call("read_inbox")).text).toContain(`${owner}'s inbox`);
      expect(JSON.stringify(await client.read("mail://inbox"))).toContain(`${owner}'s inbox`);
    }
  // Kept for each: asked once.
  expect(seen.map(({ authorization }) => authorization).sort()).toEqual(["Bearer ada-token-1", "Bearer ben-token-1"]);
});

test("requests on their way are not shared between callers, and are between the calls of one", async () => {
  const as = await served(twoCallers());
  const [ada, ben] = [await as("ada"), await as("ben")];
  let release = (): void => {};
  hold = new Promise((resolve) => {
    release = resolve;
  });
  const calls = [ada, ada, ben, ben].map((client) => client.call("read_long"));
  await expect.poll(() => seen.length).toBe(2);
  release();
  const texts = (await Promise.all(calls)).map(({ text }) => /\w+(?='s own)/.exec(text)?.[0]);
  expect(texts).toEqual(["ada", "ada", "ben", "ben"]);
});

test("two callers with one credential are still two", async () => {
  const secret = `file:${file("both", "ada-token-1")}`;
  const as = await served(file("same.json", { ada: secret, ben: secret }));
  for (const client of [await as("ada"), await as("ben")]) await client.call("read_inbox");
  expect(seen.map(({ etag }) => etag)).toEqual([undefined, undefined]);
});

test("the rest of a long answer is read by its caller alone", async () => {
  const as = await served(twoCallers(), { maxReply: "200" });
  const [ada, ben] = [await as("ada"), await as("ben")];
  const { cut } = (await ada.call("read_long")).data;
  expect((await ada.call("read_more", { reply: cut.reply, offset: cut.next_offset })).text).toContain(
    "ada's own words",
  );
  const stolen = await ben.call("read_more", { reply: cut.reply });
  const unknown = await ben.call("read_more", { reply: "A".repeat(22) });
  expect([stolen.isError, stolen.text]).toEqual([true, unknown.text]);
  await expect(ben.read(`api-file://${cut.reply}`)).rejects.toThrow(/is gone/);
});

test("a caller without a credential is told whom to ask, and nothing is sent", async () => {
  const as = await served(twoCallers());
  for (const id of ["eve", "constructor", "__proto__"]) {
    const eve = await as(id);
    const { isError, text } = await eve.call("read_inbox");
    expect([isError, text]).toEqual([
      true,
      expect.stringMatching(/no credential for the caller ".*Ask the people who run/),
    ]);
  }
  expect(seen).toEqual([]);
});

test("secrets and the file are read again when they change, and an old one is in no text", async () => {
  const callers = twoCallers();
  const as = await served(callers);
  const ada = await as("ada");
  expect((await ada.call("read_long")).text).not.toContain("ada-token-1");
  file("ada", "ada-token-two");
  const { text } = await ada.call("read_long");
  expect(seen.map(({ authorization }) => authorization)).toEqual(["Bearer ada-token-1", "Bearer ada-token-two"]);
  expect(text).not.toMatch(/ada-token-(1|two)/);
  file("callers.json", { eve: `file:${file("eve", "eve-token-long")}` });
  expect((await ada.call("read_long")).text).toMatch(/no credential for the caller/);
  expect((await (await as("eve")).call("read_long")).text).toContain("eve's own words");
  file("callers.json", "{ not json");
  expect((await ada.call("read_long")).text).toMatch(/cannot be used as it is\. Nothing was sent/);
});

test("what a caller shows this server is never sent to the API, and a dry run shows no secret", async () => {
  const opened = await openApi(
    Config.parse({
      api: description,
      baseUrl,
      privateHosts: "127.0.0.1",
      authPerCaller: twoCallers(),
      mode: "dynamic",
    }),
  );
  const client = await connect(httpApiServer(opened), {
    wire: "http-2026",
    http: { authenticate: ({ headers }) => ({ id: headers["x-inbound"] === undefined ? "ada" : "eve" }) },
  });
  onTestFinished(async () => {
    await client.close();
    await opened.close();
  });
  const dry = await client.call("call_operation", { operation: "readInbox", dry_run: true });
  expect(JSON.stringify(dry.data.request)).toContain("[secret]");
  expect(dry.text).not.toContain("ada-token-1");
  await client.call("call_operation", { operation: "readInbox" });
  expect(seen).toHaveLength(1);
  expect(seen[0]?.all).not.toMatch(/mcp|x-inbound/i);
});

const refused: [what: string, more: Record<string, string>, said: RegExp][] = [
  ["a secret beside it", { apiAuth: "bearer", secret: "env:PATH" }, /--auth-per-caller names every secret/],
  ["oauth", { apiAuth: "oauth" }, /--api-auth other than oauth/],
  ["a secret that is not there", { authPerCaller: "none" }, /holds no secret/],
  ["a secret in the file itself", { authPerCaller: "inline" }, /must hold \{ "<caller id>": "env:NAME" \}/],
  ["a caller who stands twice", { authPerCaller: "twice" }, /it has "ada" twice in one object/],
  ["a file that is not there", { authPerCaller: "absent" }, /ENOENT/],
  ["a file that others can write", { authPerCaller: "open" }, /can be written by others\. Run: chmod go-w/],
  ["a link", { authPerCaller: "link" }, /is a link\. Name the file itself/],
];
test.each(refused)("%s is refused at the start", async (_what, more, said) => {
  const files: Record<string, unknown> = {
    none: { ada: "file:/nowhere/at/all" },
    inline: { ada: "ada-token-1" },
    twice: '{"ada":"env:PATH","\\u0061da":"env:HOME"}',
    open: { ada: "env:PATH" },
  };
  const { authPerCaller = "" } = more;
  const path = authPerCaller === "" ? twoCallers() : join(folder, `${authPerCaller}.json`);
  if (authPerCaller in files) file(`${authPerCaller}.json`, files[authPerCaller]);
  if (authPerCaller === "open") chmodSync(path, 0o666);
  if (authPerCaller === "link") symlinkSync(twoCallers(), path);
  await expect(served(path, { ...more, authPerCaller: path })).rejects.toThrow(said);
});
