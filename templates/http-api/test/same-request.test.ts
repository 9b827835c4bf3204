import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { defineServer } from "@offshoot/core";
import { connect } from "@offshoot/core/testing";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createApi } from "../src/api.ts";
import type { Document } from "../src/domain/openapi/document/read.ts";
import { listOperations } from "../src/domain/openapi/operations.ts";
import type { ApiRequest } from "../src/domain/operation.ts";
import { createUpstream } from "../src/domain/upstream/upstream.ts";
import { apiTools } from "../src/tools/index.ts";
import { described } from "./fixtures/description.ts";

/** An API that answers with what it was asked, under one ETag for everything; or fails. */
let failing = false;
let slowly = 0;
const echo = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    // Not tried again, so nobody waits.
    if (failing) return response.writeHead(501).end();
    if (request.headers["if-none-match"] !== undefined) return response.writeHead(304).end();
    const { method, url, headers } = request;
    const own = Object.entries(headers).filter(([name]) => /^x-|^content-type$/.test(name));
    const seen = { method, url, headers: Object.fromEntries(own), body: Buffer.concat(parts).toString() };
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

/** Two of these differ in their bytes alone. */
const withBytes = (text: string): ApiRequest => ({
  ...{ operation: "search", method: "GET", path: "/s", query: [], headers: {} },
  body: { contentType: "application/octet-stream", text: "1 byte", bytes: new TextEncoder().encode(text) },
});

/** What the API has to have seen of a request. */
const asSeen = ({ method, path, query, headers, body }: ApiRequest) => {
  const params = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value]));
  return {
    method,
    url: `${path}${params.size > 0 ? `?${params}` : ""}`,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": body.contentType }) },
    body: Buffer.from(body?.bytes ?? body?.text ?? "").toString(),
  };
};

test("whatever differs in what is sent, no request is given another's answer: not in flight, not by its tag, not when the API fails", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(requests, { minLength: 2, maxLength: 8 }), async (asked) => {
      const upstream = createUpstream({ baseUrl, allowedHosts: ["127.0.0.1"] });
      const api = createApi(upstream);
      const ask = () =>
        Promise.all(asked.map((request) => api.send({} as never, request, { idempotent: true, cacheMs: 0 })));
      const expected = asked.map(asSeen);
      failing = false;
      slowly = 2;
      expect((await ask()).map(({ reply }) => reply.body)).toEqual(expected);
      slowly = 0;
      // Each has an ETag now, which is the same for all of them.
      expect((await ask()).map(({ reply }) => reply.body)).toEqual(expected);
      failing = true;
      const old = await ask();
      expect(old.map(({ reply }) => reply.body)).toEqual(expected);
      expect(old.every(({ stale }) => stale)).toBe(true);
      await upstream.close();
    }),
    { numRuns: 40, examples: [[["a", "b"].map(withBytes)]] },
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
