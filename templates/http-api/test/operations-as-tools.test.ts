import { defineServer } from "@offshoot/core";
import { connect, WIRES } from "@offshoot/core/testing";
import { describe, expect, test } from "vitest";

import type { Document } from "../src/domain/openapi/document/document.ts";
import { listOperations } from "../src/domain/openapi/operations.ts";
import type { ApiReply } from "../src/domain/operation.ts";
import type { OperationMap } from "../src/map.ts";
import { apiResources } from "../src/resources.ts";
import { apiTools, type ToolChoice } from "../src/tools/index.ts";
import { fakeApi, orders } from "./fixtures/api.ts";
import { described, operation } from "./fixtures/description.ts";

const map: OperationMap = {
  tools: {
    list_orders: {
      operation: "listOrders",
      fields: ["items[].id"],
      pages: { next: "next", input: "after" },
      fixed: { limit: 10 },
    },
    get_order: "getOrder",
    create_order: "createOrder",
    delete_order: "deleteOrder",
  },
  resources: { order: { operation: "getOrder", uri: "order://{id}", fields: ["id"], cacheMs: 5_000 } },
};
const whole = { id: "o1", total: 12, customer: { name: "Ada" } };

const serve = (choice: Partial<ToolChoice>, answer: Parameters<typeof fakeApi>[0] = () => ({ body: whole })) => {
  const { api, asked } = fakeApi(answer);
  const choose: ToolChoice = { mode: "explicit", map, ...choice };
  const server = defineServer({
    name: "orders",
    version: "1.0.0",
    tools: apiTools(api, orders, choose),
    resources: apiResources(api, orders, map),
  });
  return { server, asked };
};

describe.each(WIRES)("operations as tools (%s)", (wire) => {
  test("a list keeps the fields that the map names, hides what is fixed, and says how to go on", async () => {
    const { server, asked } = serve({}, () => ({ body: { items: [whole], next: "o1" } }));
    const client = await connect(server, { wire });
    const listed = (await client.tools()).find(({ name }) => name === "list_orders") ?? {};
    expect(Object.keys((listed.inputSchema as { properties: object }).properties)).toEqual(["after"]);
    const { data } = await client.call("list_orders", { after: "o0" });
    expect(data).toEqual({ status: 200, data: { items: [{ id: "o1" }] }, next_cursor: "o1" });
    expect(asked[0]?.request.query).toEqual([
      ["after", "o0"],
      ["limit", "10"],
    ]);
    await client.close();
  });

  test("an answer that is not as described is no data, which a client would refuse, but is shown", async () => {
    const { server } = serve({}, () => ({ body: { id: 7 } }));
    const client = await connect(server, { wire });
    const result = await client.call("get_order", { id: "o1" });
    expect(result).toMatchObject({ isError: true, meta: { "offshoot/error": { code: "reply_not_as_described" } } });
    expect(result.text).toMatch(/was carried out.*must have required property.*It was: \{"id":7\}/);
    await client.close();
  });

  test("an input that does not fit is refused by field, and nothing is sent", async () => {
    const { server, asked } = serve({});
    const client = await connect(server, { wire });
    const result = await client.call("create_order", { items: "x" });
    expect(result.text).toMatch(/must have required property 'item'/);
    expect(asked).toEqual([]);
    await client.close();
  });

  test("a dry run shows the request and sends nothing; a key goes with the one that is sent", async () => {
    const { server, asked } = serve({});
    const client = await connect(server, { wire });
    const { data } = await client.call("create_order", { item: "tea", dry_run: true });
    expect(data).toMatchObject({ dry_run: true, request: { method: "POST", url: "https://api.test/orders" } });
    expect(asked).toEqual([]);
    await client.call("create_order", { item: "tea", idempotency_key: "key-12345" });
    expect(asked[0]).toMatchObject({
      request: { body: { text: '{"item":"tea"}' } },
      policy: { idempotent: true, idempotencyKey: "key-12345" },
    });
    await client.close();
  });

  test("an answer given because the API is silent says how old it is", async () => {
    const { server } = serve({}, () => ({ body: whole, stale: true, ageMs: 61_000 }));
    const client = await connect(server, { wire });
    expect((await client.call("get_order", { id: "o1" })).data).toMatchObject({ stale: true, age_seconds: 61 });
    await client.close();
  });

  test("bytes are shown as what they are, beside the status", async () => {
    const picture: Partial<ApiReply> = { body: new Uint8Array([1, 2, 3]), contentType: "image/png" };
    const { server } = serve({}, () => picture);
    const client = await connect(server, { wire });
    const { content, data } = await client.call("get_order", { id: "o1" });
    expect(data).toEqual({ status: 200 });
    expect(content).toContainEqual({ type: "image", data: "AQID", mimeType: "image/png" });
    await client.close();
  });

  test("an operation is a resource where the map says so, for as long as the map says", async () => {
    const { server } = serve({});
    const client = await connect(server, { wire });
    if (client.era === "2026")
      expect(await client.request("resources/read", { uri: "order://o1" })).toMatchObject({ ttlMs: 5_000 });
    expect(await client.read("order://o1")).toEqual([
      { uri: "order://o1", mimeType: "application/json", text: '{"id":"o1"}' },
    ]);
    await client.close();
  });

  test("what only reads is all there is in read-only, in every mode", async () => {
    for (const mode of ["explicit", "all", "dynamic"] as const) {
      const { server, asked } = serve({ mode, readOnly: true });
      const client = await connect(server, { wire });
      const names = (await client.tools()).map(({ name, annotations }) => [
        name,
        (annotations as { readOnlyHint: boolean }).readOnlyHint,
      ]);
      expect(
        names.every(([, readOnly]) => readOnly),
        mode,
      ).toBe(true);
      if (mode === "dynamic") {
        const refused = await client.call("call_operation", { operation: "deleteOrder", input: { id: "o1" } });
        expect(refused.text).toMatch(/No operation "deleteOrder"/);
      } else await expect(client.call("delete_order", { id: "o1" })).rejects.toMatchObject({ code: -32_602 });
      expect(asked).toEqual([]);
      await client.close();
    }
  });

  test("in dynamic mode three tools find, describe and call any operation", async () => {
    const { server, asked } = serve({ mode: "dynamic" });
    const client = await connect(server, { wire });
    expect((await client.tools()).map(({ name }) => name)).toEqual([
      "list_operations",
      "describe_operation",
      "call_operation",
    ]);
    const found = (await client.call("list_operations", { query: "order read" })).data;
    expect(found).toMatchObject({ total: 1, operations: [{ id: "getOrder", method: "GET" }] });
    const about = (await client.call("describe_operation", { operation: "getOrder" })).data;
    expect(about.input_schema).toMatchObject({ required: ["id"] });
    const wrong = await client.call("call_operation", { operation: "getOrder", input: { ID: "o1" } });
    expect(wrong.text).toMatch(/Nothing was sent/);
    expect((await client.call("call_operation", { operation: "getOrder", input: { id: "o1" } })).data).toEqual({
      status: 200,
      data: whole,
    });
    expect(asked).toHaveLength(1);
    // Listed as text, which every model can fill in; an object is taken too, as above.
    expect((await client.call("call_operation", { operation: "getOrder", input: '{"id":"o2"}' })).data.status).toBe(
      200,
    );
    const broken = await client.call("call_operation", { operation: "getOrder", input: '{"id":' });
    expect(broken).toMatchObject({ isError: true, text: expect.stringMatching(/input: is no JSON of an object/) });
    expect(asked).toHaveLength(2);
    await client.close();
  });
});

test("a text of a schema that no tool may show is left out of what is shown, and everything starts", async () => {
  const long = "x".repeat(9_000);
  const persian = "\u0645\u06cc\u200c\u062e";
  const odd = [long, persian, "\u{1f468}\u200d\u{1f4bb}", "\ue000"].flatMap((text) => [
    { type: "string", title: text, default: text, enum: [text], pattern: `^(?:${text})$`, format: text },
    { const: text, contentMediaType: text },
    { type: "object", properties: { [text]: { type: "string" } }, required: [text], dependentRequired: { a: [text] } },
    { type: "object", patternProperties: { [text]: {} }, dependentSchemas: { [text]: {} }, default: { [text]: text } },
  ]);
  const schema = { type: "object", properties: Object.fromEntries(odd.map((item, at) => [`f${at}`, item])) };
  const content = { "application/json": { schema } };
  const document = described({
    "/odd": { post: operation({ requestBody: { content }, responses: { 200: { description: "Done", content } } }) },
  });
  const { api, asked } = fakeApi(() => ({ body: { f0: long, f4: persian } }));
  const tools = apiTools(api, listOperations(document as unknown as Document), { mode: "all", map: { tools: {} } });
  const client = await connect(defineServer({ name: "odd", version: "1.0.0", tools }), { wire: "stdio-2026" });
  // What is not shown is validated all the same.
  const name = String((await client.tools())[0]?.name);
  expect(await client.call(name, { f0: long, f4: persian })).toMatchObject({ isError: false });
  expect(await client.call(name, { f4: "another" })).toMatchObject({ isError: true });
  expect(asked).toHaveLength(1);
  await client.close();
});

test("an operation that is called like a tool of ours has another name", () => {
  const document = described({ "/more": { get: operation({ operationId: "readMore" }) } });
  const operations = listOperations(document as unknown as Document);
  const { api } = fakeApi(() => ({}));
  for (const choice of [{ mode: "all" }, { mode: "explicit", named: ["readMore"] }] as const)
    expect(apiTools(api, operations, { ...choice, map: { tools: {} } }).map(({ name }) => name)).toEqual([
      "read_more_more",
    ]);
});

test("a map that names an operation the API lost stops the start and says which", () => {
  expect(() => serve({ map: { tools: { get_invoice: "getInvoice" } } })).toThrow(
    /The map's get_invoice names the operation "getInvoice"/,
  );
});

test("a map that names an input the operation lacks stops the start and says which there are", () => {
  const listed = (more: object) => () => serve({ map: { tools: { list: { operation: "listOrders", ...more } } } });
  expect(listed({ fixed: { limt: 10 } })).toThrow(/list names the input "limt".*It has: after, limit\./);
  expect(listed({ pages: { next: "next", input: "cursor" } })).toThrow(/names the input "cursor"/);
  const { api } = fakeApi(() => ({}));
  const order = { operation: "getOrder", uri: "order://{order}" };
  expect(() => apiResources(api, orders, { tools: {}, resources: { order } })).toThrow(/names the input "order"/);
});

test("past the caps nothing starts, and the refusal says what each operation would cost", () => {
  expect(() => serve({ mode: "all", caps: { tools: 3, tokens: 10_000 } })).toThrow(
    /All 5 operations.*--mode dynamic.*create_order \d+/,
  );
  expect(() => serve({ mode: "all", caps: { tools: 10, tokens: 50 } })).toThrow(/the caps are 10 tools and 50 tokens/);
});
