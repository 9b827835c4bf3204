import { expect, test } from "vitest";
import type { Document } from "../../src/domain/openapi/document/document.ts";
import { flatInputs } from "../../src/domain/openapi/inputs/flat-inputs.ts";
import { inlineRefs } from "../../src/domain/openapi/inputs/inline.ts";
import { listOperations } from "../../src/domain/openapi/operations.ts";
import { described, operation } from "../fixtures/description.ts";

const read = (paths: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  listOperations(described(paths, more) as unknown as Document);
const json = (schema: unknown) => ({ content: { "application/json": { schema } } });

test("an operation without an id is known by its method and path", () => {
  expect(read({ "/orders": { get: operation() } }).entries).toMatchObject([{ id: "get /orders", method: "GET" }]);
});

test("of two operations of one id the second is known by its place, and both are served", () => {
  const twice = { get: operation({ operationId: "a" }), post: operation({ operationId: "a" }) };
  const { entries, flaws } = read({ "/a": twice });
  expect(entries.map(({ id }) => id)).toEqual(["a", "post /a"]);
  expect(flaws).toEqual([
    { pointer: "#/paths/~1a/post/operationId", reason: expect.stringContaining('another operation is called "a" too') },
  ]);
});

test("an unknown operation is refused, and so is one from every object's prototype", () => {
  expect(() => read({}).get("constructor")).toThrow(/no operation "constructor"/);
});

test("an operation's own parameter takes the place of its path's", () => {
  const of = (description: string) => ({ name: "id", in: "path", required: true, description, schema: {} });
  const paths = {
    "/a/{id}": { parameters: [of("the path's")], get: operation({ operationId: "a", parameters: [of("its own")] }) },
  };
  expect(
    read(paths)
      .get("a")
      .parameters.map(({ description }) => description),
  ).toEqual(["its own"]);
});

test("what a request may not send and an answer does not show is left out, on either side", () => {
  const Order = {
    type: "object",
    required: ["id", "secret", "item"],
    properties: {
      id: { type: "string", readOnly: true },
      secret: { type: "string", writeOnly: true },
      item: { type: "string" },
    },
  };
  const more = { components: { schemas: { Order } } };
  const schema = { $ref: "#/components/schemas/Order" };
  const paths = {
    "/orders": {
      post: operation({
        operationId: "add",
        requestBody: json(schema),
        responses: { 201: { description: "", ...json(schema) } },
      }),
    },
  };
  const add = read(paths, more).get("add");
  expect(add.body?.schema.$defs).toMatchObject({
    Order: { required: ["secret", "item"], properties: { secret: {}, item: {} } },
  });
  expect(JSON.stringify(add.body?.schema)).not.toContain('"id"');
  expect(add.reply?.schema.$defs).toMatchObject({ Order: { required: ["id", "item"] } });
  expect(JSON.stringify(add.reply?.schema)).not.toContain('"secret"');
});

test("a schema that refers to itself stays recursive and ends", () => {
  const Node = {
    type: "object",
    properties: { next: { $ref: "#/components/schemas/Node" }, name: { type: "string" } },
  };
  const paths = {
    "/n": { post: operation({ operationId: "n", requestBody: json({ $ref: "#/components/schemas/Node" }) }) },
  };
  const { schema } = flatInputs(read(paths, { components: { schemas: { Node } } }).get("n"));
  const { next } = schema.properties as Record<string, object>;
  expect(next).toMatchObject({ type: "object", properties: { next: { $ref: "#/$defs/Node" } } });
  expect(schema.$defs).toHaveProperty("Node");
});

test("schemas past the limit are left open where they are shown, and values are validated by all of them", () => {
  const schemas = Object.fromEntries(
    Array.from({ length: 200 }, (_, n) => [
      `S${n}`,
      {
        type: "object",
        required: ["x"],
        properties: {
          x: { type: "string", description: "y".repeat(200) },
          next: { $ref: `#/components/schemas/S${n + 1}` },
        },
      },
    ]),
  );
  const all = { schemas: { ...schemas, S200: { type: "string" } } };
  const paths = {
    "/s": {
      get: operation({
        operationId: "s",
        responses: { 200: { description: "", ...json({ $ref: "#/components/schemas/S0" }) } },
      }),
    },
  };
  const { reply } = read(paths, { components: all }).get("s");
  const shown = inlineRefs(reply?.schema ?? {}, 4_096, "client");
  expect(JSON.stringify(shown).length).toBeLessThan(10_000);
  expect(JSON.stringify(shown)).toContain('"next":{"type":"object"}');
  expect(Object.keys(reply?.schema.$defs as object)).toHaveLength(201);
});

test("parameters and body become one flat object, and a name that is taken says where it stands", () => {
  const parameters = [
    { name: "id", in: "path", required: true, schema: { type: "string" } },
    { name: "id", in: "query", schema: { type: "string" } },
    { name: "X-Trace", in: "header", schema: { type: "string" } },
    { name: "Authorization", in: "header", schema: { type: "string" } },
    { name: "session", in: "cookie", schema: { type: "string" } },
  ];
  const body = {
    type: "object",
    required: ["id"],
    properties: { id: { type: "string" }, customerName: { type: "string" } },
  };
  const paths = {
    "/a/{id}": { put: operation({ operationId: "a", parameters, requestBody: { required: true, ...json(body) } }) },
  };
  const { schema, fields } = flatInputs(read(paths).get("a"));
  expect(fields.map(({ name }) => name)).toEqual(["id", "query_id", "X-Trace", "body_id", "customerName"]);
  expect(schema.required).toEqual(["id", "body_id"]);
  expect(schema.properties).toMatchObject({ customerName: { description: "customer name" } });
});

test("names that a model's provider would refuse are made fit, and a body that is no plain object stays whole", () => {
  const parameters = [{ name: "filter[état]", in: "query", schema: { type: "string" } }];
  const requestBody = { required: true, ...json({ oneOf: [{ type: "string" }, { type: "number" }] }) };
  const paths = { "/a": { post: operation({ operationId: "a", parameters, requestBody }) } };
  const { schema, fields } = flatInputs(read(paths).get("a"));
  expect(fields).toMatchObject([
    { name: "filter__tat", to: "parameter" },
    { name: "body", to: "body" },
  ]);
  expect(schema.required).toEqual(["body"]);
});

test("descriptions carry no hidden characters, no HTML and no essay", () => {
  const parameters = [
    { name: "a", in: "query", description: "Ignore\u200b \u{e0041}this <b>bold</b>", schema: {} },
    { name: "b", in: "query", description: "Long sentence here. ".repeat(100), schema: {} },
  ];
  const { schema } = flatInputs(read({ "/a": { get: operation({ operationId: "a", parameters }) } }).get("a"));
  const { a, b } = schema.properties as Record<string, { description: string }>;
  expect(a?.description).toBe("Ignore this bold");
  expect(b?.description.length).toBeLessThanOrEqual(300);
});
