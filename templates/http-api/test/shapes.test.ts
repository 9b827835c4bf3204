import { defineServer } from "@offshoot/core";
import { connect } from "@offshoot/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createApi } from "../src/api.ts";
import { readDescription } from "../src/domain/openapi/document/read.ts";
import { listOperations } from "../src/domain/openapi/operations.ts";
import { createUpstream } from "../src/guarded.ts";
import { apiTools } from "../src/tools/index.ts";
import { serveBytes } from "./fixtures/bytes.ts";
import { described, descriptionFile, operation } from "./fixtures/description.ts";

type Json = Record<string, unknown>;
const json = (schema: unknown) => ({ content: { "application/json": { schema } } });
const answers = (...list: [status: string, schema: unknown][]) => ({
  responses: Object.fromEntries(list.map(([status, schema]) => [status, { description: "ok", ...json(schema) }])),
});

/** The operation `it` of a description, as a tool, before an API that answers what it is told to. */
async function open(item: Json, more: Json = {}) {
  const origin = await serveBytes();
  const { document } = await readDescription(await descriptionFile(described({ "/it": item }, more)));
  const upstream = createUpstream({ baseUrl: origin.url, allowedHosts: ["127.0.0.1"] });
  const tools = apiTools(createApi(upstream), listOperations(document), {
    mode: "explicit",
    map: { tools: { it: "it" } },
  });
  // Of 2025, whose client holds results to the schema that is shown.
  const client = await connect(defineServer({ name: "shapes", version: "1.0.0", tools }), { wire: "stdio-2025" });
  const close = async () => {
    await client.close();
    await upstream.close();
    await origin.close();
  };
  /** Whether this input is sent. */
  const takes = async (input: Json): Promise<boolean> => {
    const before = origin.asked;
    origin.behave({ status: 204, body: "" });
    await client.call("it", input);
    return origin.asked > before;
  };
  /** Whether this answer is given as data. */
  const gives = async (status: number, data: unknown): Promise<boolean> => {
    origin.behave({ status, body: JSON.stringify(data) });
    const result = await client.call("it", {});
    if (!result.isError) expect(result.data).toEqual({ status, data });
    return !result.isError;
  };
  return { takes, gives, close };
}

test("each status is held to its own schema", async () => {
  const { gives, close } = await open({
    get: operation({
      operationId: "it",
      ...answers(
        ["200", { type: "array", items: { type: "object" } }],
        ["202", { type: "object", required: ["job"] }],
        ["2XX", { type: "string" }],
      ),
    }),
  });
  const values = [[{}], { job: "j" }, "text"];
  for (const [status, fits] of [
    [200, 0],
    [202, 1],
    [203, 2],
  ] as const)
    for (const [at, value] of values.entries()) expect(await gives(status, value), `${status} ${at}`).toBe(at === fits);
  await close();
});

describe("what an API alone sets is not asked for, and what only goes in is not awaited", () => {
  /** An object whose fields and whose `required` are wherever a description may have them. */
  const objects = fc.record({
    required: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
    places: fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }),
  });
  const FIELDS: Json = {
    id: { type: "string", readOnly: true },
    name: { type: "string" },
    password: { type: "string", writeOnly: true },
  };
  const NAMES = Object.keys(FIELDS);

  test("wherever the field and the list that requires it stand", async () => {
    await fc.assert(
      fc.asyncProperty(objects, async ({ required, places }) => {
        // Four places: the schema itself, two branches, and one inside a branch, behind a reference.
        const parts: Json[] = Array.from({ length: 4 }, (_, place) => ({
          type: "object",
          properties: Object.fromEntries(
            NAMES.filter((_name, at) => places[at] === place).map((name) => [name, FIELDS[name]]),
          ),
          // Each place requires all but one, or all.
          required: NAMES.filter((_name, at) => required[place] !== at),
        }));
        const [own, one, two, deep] = parts as [Json, Json, Json, Json];
        const schema = { ...own, allOf: [one, { $ref: "#/components/schemas/Two" }] };
        const more = {
          components: { schemas: { Two: { ...two, allOf: [{ $ref: "#/components/schemas/Deep" }] }, Deep: deep } },
        };
        const needed = (name: string) => parts.some((part) => (part.required as string[]).includes(name));
        const sending = await open(
          { post: operation({ operationId: "it", requestBody: { required: true, ...json(schema) } }) },
          more,
        );
        const body = { name: "n", password: "p" };
        const asInput = (value: Json) =>
          sending.takes(value).then(async (flat) => flat || sending.takes({ body: value }));
        expect(await asInput(body)).toBe(true);
        expect(await asInput({ password: "p" })).toBe(!needed("name"));
        expect(await asInput({ name: "n" })).toBe(!needed("password"));
        await sending.close();
        const reading = await open({ get: operation({ operationId: "it", ...answers(["200", schema]) }) }, more);
        expect(await reading.gives(200, { id: "i", name: "n" })).toBe(true);
        expect(await reading.gives(200, { name: "n" })).toBe(!needed("id"));
        await reading.close();
      }),
      { numRuns: 25 },
    );
  });
});

describe("null fits where a description of OpenAPI 3.0 says nullable", () => {
  const schemas = {
    Thing: { type: "object", required: ["n"], properties: { n: { type: "integer" } } },
    Nullable: { type: "object", nullable: true, properties: { n: { type: "integer" } } },
    Colour: { type: "string", enum: ["red", "blue"], nullable: true },
  };
  const thing = { $ref: "#/components/schemas/Thing" };
  const other = { type: "string", enum: ["x"] };
  test.each<[string, Json, good: unknown, bad: unknown]>([
    ["a type", { type: "string" }, "a", 1],
    ["a list of values", { type: "string", enum: ["x", "y"] }, "x", "z"],
    ["a list of values that names null", { type: "string", enum: ["x", null] }, "x", "z"],
    ["a list of values without a type", { enum: ["x", 1] }, 1, "z"],
    ["oneOf", { oneOf: [thing, other] }, { n: 1 }, { n: "x" }],
    ["oneOf with a type beside it", { type: "object", oneOf: [thing] }, { n: 1 }, { n: "x" }],
    ["anyOf", { anyOf: [thing, other] }, "x", "y"],
    ["allOf", { allOf: [thing] }, { n: 1 }, {}],
    ["allOf with a type beside it", { type: "object", allOf: [thing] }, { n: 1 }, {}],
    ["allOf of two", { allOf: [thing, { type: "object", required: ["m"] }] }, { n: 1, m: 2 }, { n: 1 }],
    ["a list", { type: "array", items: { type: "string" } }, ["a"], [1]],
    ["a format and a length", { type: "string", format: "date-time", minLength: 3 }, "2026-01-01T00:00:00Z", 1],
    ["a number with bounds", { type: "integer", minimum: 1, exclusiveMinimum: true }, 2, 1],
  ])("%s", async (_what, schema, good, bad) => {
    const nullable = { type: "object", properties: { v: { ...schema, nullable: true } } };
    const more = { openapi: "3.0.3", components: { schemas } };
    const reading = await open({ get: operation({ operationId: "it", ...answers(["200", nullable]) }) }, more);
    const seen = [
      await reading.gives(200, { v: null }),
      await reading.gives(200, { v: good }),
      await reading.gives(200, { v: bad }),
    ];
    await reading.close();
    const sending = await open({ post: operation({ operationId: "it", requestBody: json(nullable) }) }, more);
    const sent = [await sending.takes({ v: null }), await sending.takes({ v: good }), await sending.takes({ v: bad })];
    await sending.close();
    expect({ seen, sent }).toEqual({ seen: [true, true, false], sent: [true, true, false] });
  });

  test("behind a reference, and not where it does not", async () => {
    const schema = {
      type: "object",
      properties: {
        nullable: { $ref: "#/components/schemas/Nullable" },
        colour: { $ref: "#/components/schemas/Colour" },
        thing,
        no: { type: "string", nullable: false },
      },
    };
    const { gives, close } = await open(
      { get: operation({ operationId: "it", ...answers(["200", schema]) }) },
      { openapi: "3.0.3", components: { schemas } },
    );
    expect(await gives(200, { nullable: null, colour: null })).toBe(true);
    expect(await gives(200, { thing: null })).toBe(false);
    expect(await gives(200, { no: null })).toBe(false);
    await close();
  });
});
