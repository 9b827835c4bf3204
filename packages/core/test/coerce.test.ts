// Clients send null for what is left out, and JSON as text. What a schema takes is never touched.
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { coerce } from "../src/call/input/coerce.ts";
import { definePrompt, defineResource, defineServer, defineTool, jsonSchema } from "../src/index.ts";
import { connect, WIRES } from "../src/testing/index.ts";
import { initialize, rawConnection } from "./fixtures/raw.ts";

const LONG = process.env.OFFSHOOT_LONG === "1";

const seen = z.object({ input: z.any().describe("As the handler got it") });
const Kind = z.discriminatedUnion("type", [
  z.object({ type: z.literal("page"), size: z.int().describe("How many") }),
  z.object({ type: z.literal("all"), deep: z.boolean().optional().describe("Below, too") }),
]);
const Input = z.object({
  title: z.string().optional().describe("A title"),
  limit: z.int().min(1).max(100).optional().describe("How many"),
  ratio: z.number().optional().describe("A ratio"),
  trashed: z.boolean().optional().describe("Whether it is in the trash"),
  tags: z.array(z.string()).optional().describe("Tags"),
  counts: z.array(z.int()).optional().describe("Counts"),
  either: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe("Text or texts"),
  nothing: z.string().nullable().optional().describe("May be null"),
  maybe: z.int().nullable().optional().describe("A number or null"),
  level: z.literal([1, 2, 3]).optional().describe("A level"),
  kind: Kind.optional().describe("What to list"),
  filter: z
    .object({ from: z.int().optional().describe("From"), word: z.string().optional().describe("Word") })
    .optional()
    .describe("A filter"),
  filters: z
    .array(z.object({ from: z.int().optional().describe("From") }))
    .optional()
    .describe("Filters"),
  weights: z.record(z.string(), z.number()).optional().describe("Weights by word"),
  rules: z
    .record(z.string(), z.object({ deep: z.boolean().describe("Below"), from: z.int().optional().describe("From") }))
    .optional()
    .describe("Rules by word"),
  labels: z.record(z.string(), z.string()).optional().describe("Labels by word"),
});
const tool = (name: string, inputSchema: z.ZodType) =>
  defineTool({
    name,
    title: name,
    description: "Returns its input.",
    inputSchema,
    outputSchema: seen,
    handler: (input: unknown) => ({ input }),
  } as never);
const ajv = new Ajv2020({ strict: false });
const given = { ...z.toJSONSchema(Input, { io: "input" }) } as { type: "object" };
const validate = ajv.compile(given);
const server = defineServer({
  name: "seen",
  version: "1.0.0",
  tools: [
    tool("by_zod", Input),
    tool(
      "by_json_schema",
      jsonSchema(given, (value) =>
        validate(value)
          ? []
          : (validate.errors ?? []).map(({ instancePath, message = "" }) => ({
              path: instancePath.split("/").slice(1),
              message,
            })),
      ),
    ),
  ],
  prompts: [
    definePrompt({
      name: "greet",
      title: "Greet",
      description: "Greets.",
      arguments: z.object({ style: z.string().optional().describe("How") }),
      handler: ({ style }) => `Greet ${style ?? "as you like"}.`,
    }),
  ],
  resources: [
    defineResource({
      name: "item",
      title: "Item",
      description: "A thing.",
      uri: "item://{id}",
      list: () => ({ resources: [] }),
      read: () => "x",
    }),
  ],
});

describe.each(["by_zod", "by_json_schema"])("%s", (name) => {
  const cases: [what: string, sent: object, taken: object, changes: number][] = [
    ["null for what may be left out", { title: null, limit: null, tags: null }, {}, 3],
    ["null in a nested object", { filter: { from: null, word: "x" } }, { filter: { word: "x" } }, 1],
    ["null in an object of a list", { filters: [{ from: null }, { from: 2 }] }, { filters: [{}, { from: 2 }] }, 1],
    ["null in a branch of a union", { kind: { type: "all", deep: null } }, { kind: { type: "all" } }, 1],
    ["null beside a null that is taken", { title: null, nothing: null }, { nothing: null }, 1],
    ["a list as text", { tags: '["x","y"]' }, { tags: ["x", "y"] }, 1],
    ["a list as text, with numbers as text", { counts: '["1", 2]' }, { counts: [1, 2] }, 2],
    ["an empty list as text", { tags: "[]" }, { tags: [] }, 1],
    ["numbers as text", { limit: "2", ratio: "-0.5e1" }, { limit: 2, ratio: -5 }, 2],
    ["a number of a few as text", { level: "2" }, { level: 2 }, 1],
    ["booleans as text", { trashed: "false" }, { trashed: false }, 1],
    ["null as text where null is taken", { maybe: "null" }, { maybe: null }, 1],
    ["numbers as text in a record", { weights: { a: "1", b: 2 } }, { weights: { a: 1, b: 2 } }, 1],
    ["a record as text", { weights: '{"a":"1"}' }, { weights: { a: 1 } }, 2],
    [
      "null and text in an object of a record",
      { rules: { a: { deep: "true", from: null } }, labels: { a: "1" } },
      { rules: { a: { deep: true } }, labels: { a: "1" } },
      2,
    ],
    ["an object as text", { filter: '{"from":"3"}' }, { filter: { from: 3 } }, 2],
    ["a branch of a union as text", { kind: '{"type":"page","size":"3"}' }, { kind: { type: "page", size: 3 } }, 2],
    [
      "text beside it that stays text",
      { limit: "2", title: "3", either: "[]" },
      { limit: 2, title: "3", either: "[]" },
      1,
    ],
  ];
  test.each(cases)("%s is taken, and counted in the log", async (_what, sent, taken, changes) => {
    const log: string[] = [];
    const client = await connect(server, { wire: "stdio-2025", log });
    const { isError, data, text } = await client.call(name, sent as Record<string, unknown>);
    expect({ isError, text: isError ? text : "" }).toEqual({ isError: false, text: "" });
    expect(data.input).toEqual(taken);
    expect(JSON.parse(log.findLast((line) => line.includes('"call"')) as string)).toMatchObject({ coerced: changes });
    await client.close();
  });

  test.each([
    ["text that is no JSON", { limit: "two" }],
    ["text with something around it", { limit: " 2" }],
    ["a number in another writing", { limit: "0x2" }],
    ["Arabic digits", { limit: "٢" }],
    ["digits that a number does not hold", { ratio: "9007199254740993" }],
    ["a boolean in another writing", { trashed: "True" }],
    ["a fraction for a whole number", { limit: "2.5" }],
    ["a number out of bounds", { limit: "1000" }],
    ["text that names a prototype", { filter: '{"__proto__":{"from":1}}' }],
    ["text that nests too deep", { tags: `${"[".repeat(5_000)}${"]".repeat(5_000)}` }],
    ["half a character in text", { tags: '["\\ud800"]' }],
    ["a list of what is wanted alone", { limit: "[2]" }],
    ["a word for a list", { tags: "x" }],
    ["null in a list", { tags: ["x", null] }],
    ["null for what is required", { kind: { type: "page", size: null } }],
  ])("%s is refused, and nothing is counted", async (_what, sent) => {
    const log: string[] = [];
    const client = await connect(server, { wire: "stdio-2025", log });
    expect(await client.call(name, sent)).toMatchObject({
      isError: true,
      text: expect.stringContaining("Invalid input"),
    });
    expect(log.join("")).not.toContain("coerced");
    await client.close();
  });
});

test.each(WIRES)("%s: no cursor and no arguments may be null", async (wire) => {
  const client = await connect(server, { wire });
  expect(await client.request("tools/list", { cursor: null })).toMatchObject({ tools: expect.any(Array) });
  expect(await client.request("resources/list", { cursor: null })).toMatchObject({ resources: [] });
  expect(await client.request("prompts/get", { name: "greet", arguments: null })).toMatchObject({
    messages: expect.any(Array),
  });
  expect(await client.request("prompts/get", { name: "greet", arguments: { style: null } })).toMatchObject({
    messages: [{ content: { text: "Greet as you like." } }],
  });
  await client.close();
});

test("no params may be null", async () => {
  const { write, lines } = rawConnection(server);
  write(initialize(0));
  await lines.id(0);
  write({ jsonrpc: "2.0", id: 1, method: "tools/list", params: null });
  expect((await lines.id(1)).result.tools).toHaveLength(2);
});

// Schemas of every kind that definitions come to, and values that know nothing of them.
const scalar = fc.constantFrom<object>(
  { type: "string" },
  { type: "string", enum: ["2", "true", "null"] },
  { type: "integer" },
  { type: "number" },
  { type: "boolean" },
  { type: "null" },
  { type: ["string", "null"] },
  { type: ["integer", "string"] },
  { enum: [1, "1", null] },
  { const: "false" },
  {},
);
const { schema } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, depthIdentifier: "schema" },
    scalar,
    fc.record({ type: fc.constant("array"), items: tie("schema") }),
    fc
      .tuple(fc.dictionary(fc.constantFrom("a", "b", "c"), tie("schema")), fc.subarray(["a", "b", "c"]), fc.boolean())
      .map(([properties, required, open]) => ({
        type: "object",
        properties,
        required,
        ...(open ? {} : { additionalProperties: false }),
      })),
    fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc.array(tie("schema"), { minLength: 1, maxLength: 2 }).map((oneOf) => ({ oneOf })),
    fc.array(tie("schema"), { minLength: 1, maxLength: 2 }).map((allOf) => ({ allOf })),
  ),
}));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: "value" },
    fc.constantFrom<unknown>(
      "2",
      "true",
      "false",
      "null",
      "[]",
      "{}",
      '["1"]',
      '{"a":"1"}',
      "x",
      "",
      1,
      2.5,
      true,
      null,
    ),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { maxKeys: 3 }),
  ),
}));

describe("whatever the schema and the value", () => {
  const any = new Ajv2020({ strict: false, logger: false, validateSchema: false, meta: false });
  const accepts = (root: object, input: unknown): boolean => any.compile(root)(input) as boolean;

  test("a value that the schema accepts is not changed", () => {
    let accepted = 0;
    fc.assert(
      fc.property(schema, value, (root, input) => {
        fc.pre(accepts(root, input));
        accepted += 1;
        expect(coerce(root as never, input)).toBeUndefined();
      }),
      { numRuns: LONG ? 300 : 75 },
    );
    expect(accepted).toBeGreaterThan(LONG ? 200 : 50);
  });

  test("what is changed is null that is gone or text that was read, and the input is left alone", () => {
    fc.assert(
      fc.property(schema, value, (root, input) => {
        const before = JSON.stringify(input);
        const coerced = coerce(root as never, input);
        expect(JSON.stringify(input)).toBe(before);
        if (coerced !== undefined) expect(reads(input, coerced.value)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

test("a chain of unions that doubles at each step costs no time", () => {
  const $defs: Record<string, object> = { d0: { type: "integer" } };
  for (let step = 1; step < 40; step += 1) {
    const ref = { $ref: `#/$defs/d${step - 1}` };
    $defs[`d${step}`] = { oneOf: [{ ...ref }, { ...ref }] };
  }
  expect(coerce({ $defs, $ref: "#/$defs/d39" } as never, "x")).toBeUndefined();
  expect(coerce({ $ref: "#" } as never, "x")).toBeUndefined();
});

/** Whether the second is the first with nulls left out and texts read as JSON. */
function reads(from: unknown, to: unknown): boolean {
  if (typeof from === "string" && typeof to !== "string") return reads(JSON.parse(from), to);
  if (Array.isArray(from))
    return Array.isArray(to) && from.length === to.length && from.every((item, index) => reads(item, to[index]));
  if (typeof from !== "object" || from === null) return from === to;
  if (typeof to !== "object" || to === null || Array.isArray(to)) return false;
  return Object.entries(from).every(([name, item]) =>
    Object.hasOwn(to, name) ? reads(item, (to as Record<string, unknown>)[name]) : item === null || item === "null",
  );
}
