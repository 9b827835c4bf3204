import { defineServer } from "@offshoot/core";
import { connect } from "@offshoot/core/testing";
import { describe, expect, test } from "vitest";
import type { Document } from "../src/domain/openapi/document/document.ts";
import { flatInputs } from "../src/domain/openapi/inputs/flat-inputs.ts";
import { listOperations } from "../src/domain/openapi/operations.ts";
import type { ApiReply } from "../src/domain/operation.ts";
import { makeRequest } from "../src/domain/request/make-request.ts";
import { createKeptFiles, fileResource } from "../src/kept-files.ts";
import type { ToolEntry } from "../src/map.ts";
import { readMap } from "../src/read-map.ts";
import { apiTools, type ToolChoice } from "../src/tools/index.ts";
import { fakeApi } from "./fixtures/api.ts";
import { described, descriptionFile, operation } from "./fixtures/description.ts";

const text = { type: "string" };
const body = (...types: string[]) => ({
  requestBody: {
    content: Object.fromEntries(
      types.map((type) => [type, { schema: { type: "object", properties: { note: text } } }]),
    ),
  },
});
const reply = (schema: object) => ({
  responses: { 200: { description: "Done", content: { "application/json": { schema } } } },
});
const item = { type: "object", required: ["id"], properties: { id: text } };
const query = (name: string, more: object = {}) => ({ name, in: "query", schema: { ...text, ...more } });

const operations = listOperations(
  described({
    "/items": {
      get: operation({
        operationId: "list",
        parameters: [
          query("page"),
          query("sort", { default: "name" }),
          { ...query("api", { default: "v1" }), required: true },
        ],
        ...reply({ type: "array", items: item }),
      }),
      post: operation({
        operationId: "add",
        parameters: [query("dry_run")],
        ...body("application/json"),
        ...reply(item),
      }),
    },
    "/items/{id}": {
      patch: operation({
        operationId: "edit",
        ...body("application/merge-patch+json", "multipart/form-data"),
        ...reply(item),
      }),
      get: operation({ operationId: "get", ...reply(item) }),
    },
  }) as unknown as Document,
);

async function serve(
  entry: ToolEntry,
  answer: Partial<ApiReply> = { body: { id: "1" } },
  choice: Partial<ToolChoice> = {},
) {
  const { api, asked } = fakeApi(() => answer);
  const files = createKeptFiles();
  const tools = apiTools(api, operations, { mode: "explicit", map: { tools: { one: entry } }, files, ...choice });
  const server = defineServer({ name: "map", version: "1.0.0", tools, resources: [fileResource(files)] });
  return { client: await connect(server, { wire: "http-2026" }), asked };
}

test("headers and query values of the map go with the inputs; an input of the same name gives way", async () => {
  const entry = { operation: "list", headers: { Accept: "text/csv" }, query: { page: "9", extra: "a,b" } };
  const { client, asked } = await serve(entry, { body: [] });
  await client.call("one", { page: "1" });
  expect(asked[0]?.request).toMatchObject({
    headers: { accept: "text/csv" },
    query: [
      ["api", "v1"],
      ["page", "9"],
      ["extra", "a,b"],
    ],
  });
  await client.close();
});

test("of several bodies the map names one; one that the operation does not take is refused", async () => {
  const { client, asked } = await serve({ operation: "edit", body: "multipart/form-data" });
  await client.call("one", { id: "1", note: "x" });
  expect(asked[0]?.request.body?.contentType).toMatch(/^multipart\/form-data; boundary=/);
  await client.close();
  await expect(serve({ operation: "edit", body: "text/xml" })).rejects.toThrow(
    /names the body text\/xml, which "edit" does not take. It takes: application\/merge-patch\+json, multipart/,
  );
});

test("defaults of required parameters are sent and not asked for; of optional ones where the map says so", async () => {
  const { client, asked } = await serve({ operation: "list" }, { body: [] });
  const [tool] = await client.tools();
  expect(tool?.inputSchema).toMatchObject({ required: [] });
  await client.call("one", {});
  expect(asked[0]?.request.query).toEqual([["api", "v1"]]);
  await client.close();
  const all = await serve({ operation: "list", sendDefaults: true }, { body: [] });
  await all.client.call("one", {});
  expect(all.asked[0]?.request.query).toEqual([
    ["sort", "name"],
    ["api", "v1"],
  ]);
  await all.client.close();
});

test("a header's default is sent, required or not: it is the version of the API more often than not", async () => {
  const version = { name: "Notion-Version", in: "header", schema: { ...text, default: "2025-09-03" } };
  const one = listOperations(
    described({ "/a": { get: operation({ operationId: "a", parameters: [version] }) } }) as unknown as Document,
  ).get("a");
  const { schema, fields } = flatInputs(one);
  expect(schema.properties).toHaveProperty("Notion-Version");
  expect(makeRequest(one, fields, {}).headers).toEqual({ "notion-version": "2025-09-03" });
  expect(makeRequest(one, fields, { "Notion-Version": "2026-01-01" }).headers).toEqual({
    "notion-version": "2026-01-01",
  });
});

test("a field that a body needs, though the body may be left out, says so", () => {
  const schema = { type: "object", required: ["name"], properties: { name: text, note: text } };
  const requestBody = { content: { "application/json": { schema } } };
  const paths = { "/a": { post: operation({ operationId: "a", requestBody }) } };
  const { schema: shown } = flatInputs(listOperations(described(paths) as unknown as Document).get("a"));
  expect(shown.required).toBeUndefined();
  expect(shown.properties).toMatchObject({
    name: { description: "Needed with any field of the body: name" },
    note: { description: "note" },
  });
});

test("an API's own dry_run stays its own: ours is called otherwise", async () => {
  const { client, asked } = await serve({ operation: "add" });
  const [tool] = await client.tools();
  expect(tool?.inputSchema).toMatchObject({
    properties: { dry_run: { type: "string" }, show_request: { type: "boolean" } },
  });
  await client.call("one", { dry_run: "true", note: "x" });
  expect(asked[0]?.request.query).toEqual([["dry_run", "true"]]);
  expect((await client.call("one", { show_request: true })).data).toMatchObject({ dry_run: true });
  expect(asked).toHaveLength(1);
  await client.close();
});

test("what is unknown in an input is ignored, as in the other templates", async () => {
  const { client, asked } = await serve({ operation: "get" });
  expect((await client.call("one", { id: "1", nonsense: 7 })).data).toMatchObject({ data: { id: "1" } });
  expect(asked[0]?.request.query).toEqual([]);
  await client.close();
});

describe("headers of an answer", () => {
  const headers = {
    location: "/items/7",
    link: '<https://x/items?page=3&a=1>; rel="next"',
    "x-total-count": "41",
    etag: "x",
  };

  test("say where something is, how much there is and when to come back", async () => {
    const { client } = await serve({ operation: "get" }, { body: { id: "7" }, headers });
    const { etag: _, ...shown } = headers;
    expect((await client.call("one", { id: "7" })).data).toMatchObject({ headers: shown });
    await client.close();
  });

  test.each([
    [headers.link, "3"],
    ['</items?page=2>; rel=prev, </items?page=4>; title="a, b"; rel="last next"', "4"],
    ["<?page=5>;rel=next", "5"],
    ['<https://x/items?page=2>; rel="prev"', undefined],
    ["nonsense <", undefined],
  ])("Link rel=next is where the next page is: %s", async (link, next) => {
    const entry = { operation: "list", pages: { next: "Link rel=next", input: "page" } };
    const { client } = await serve(entry, { body: [], headers: { link } });
    expect((await client.call("one", {})).data.next_cursor).toBe(next);
    await client.close();
  });
});

describe("an answer that is not as described", () => {
  const odd = { body: { id: 7 } };
  test("is refused when strict, given with a warning, or not looked at; the map goes before the server", async () => {
    const results = [];
    for (const [replies, own] of [["strict"], ["warn"], ["off"], ["strict", "off"], ["off", "strict"]] as const) {
      const entry = own === undefined ? { operation: "get" } : { operation: "get", replies: own };
      const { client } = await serve(entry, odd, { replies });
      const { isError, data } = await client.call("one", { id: "7" });
      results.push([replies, own, isError === true, data?.data, typeof data?.warning]);
      await client.close();
    }
    expect(results).toEqual([
      ["strict", undefined, true, undefined, "undefined"],
      ["warn", undefined, false, { id: 7 }, "string"],
      ["off", undefined, false, { id: 7 }, "undefined"],
      ["strict", "off", false, { id: 7 }, "undefined"],
      ["off", "strict", true, undefined, "undefined"],
    ]);
  });

  test("a map that keeps no field is refused: that is what replies is for", async () => {
    const map = await descriptionFile({ tools: { one: { operation: "get", fields: [] } } }, "map.json");
    await expect(readMap(map)).rejects.toThrow(/wrong at tools.one.*fields|names no field/);
    await expect(serve({ operation: "get", fields: [] })).rejects.toThrow(/keeps no field/);
  });
});

test("a file is a link that the client can read", async () => {
  const bytes = new Uint8Array([37, 80, 68, 70]);
  const { client } = await serve({ operation: "get" }, { body: bytes, contentType: "application/pdf; v=1" });
  const { content, data } = await client.call("one", { id: "7" });
  expect(data).toEqual({ status: 200 });
  const link = content.find(({ type }) => type === "resource_link") as { uri: string; mimeType: string };
  expect(link).toMatchObject({ mimeType: "application/pdf", title: "4 bytes of application/pdf" });
  expect(await client.read(link.uri)).toEqual([{ uri: link.uri, mimeType: "application/pdf", blob: "JVBERg==" }]);
  await expect(client.read("api-file://AAAAAAAAAAAAAAAAAAAAAA")).rejects.toThrow(/is gone/);
  await client.close();
});

test("a file goes after some minutes, and the oldest when there are too many", () => {
  let now = 0;
  const files = createKeptFiles(() => now).of("local");
  const idOf = (bytes: number): string =>
    (files.keep(new Uint8Array(bytes), "application/zip") as { uri: string }).uri.replace("api-file://", "");
  const first = idOf(10);
  now = 599_999;
  expect(files.read(first)?.bytes.byteLength).toBe(10);
  now = 600_000;
  expect(files.read(first)).toBeUndefined();
  const [oldest, ...others] = Array.from({ length: 9 }, () => idOf(4_194_304));
  expect(files.read(oldest as string)).toBeUndefined();
  for (const id of others) expect(files.read(id)).toBeDefined();
});

test("output schemas count for the cap, and are cut to fit it before anything is refused", () => {
  const wide = {
    type: "object",
    properties: Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`field_${n}`, text])),
  };
  const many = listOperations(
    described({
      "/big": { get: operation({ operationId: "big", ...reply(wide) }) },
      "/small": { get: operation({ operationId: "small", ...reply(item) }) },
    }) as unknown as Document,
  );
  const { api } = fakeApi(() => ({}));
  const made = (tokens: number) =>
    Object.fromEntries(
      apiTools(api, many, { mode: "all", map: { tools: {} }, caps: { tools: 9, tokens } }).map(({ name, json }) => [
        name,
        JSON.stringify(json.output).includes("field_1") || JSON.stringify(json.output).includes('"id"'),
      ]),
    );
  expect(made(9_999)).toEqual({ big: true, small: true });
  expect(made(900)).toEqual({ big: false, small: true });
  expect(() => made(100)).toThrow(/the caps are 9 tools and 100 tokens/);
});
