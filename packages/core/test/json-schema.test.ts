import { expect, test } from "vitest";
import { z } from "zod";
import { defineServer, defineTool, jsonSchema, type ObjectJsonSchema } from "../src/index.ts";
import { connect, WIRES } from "../src/testing/index.ts";

const json: ObjectJsonSchema = {
  type: "object",
  properties: { id: { type: "string", pattern: "^o[0-9]+$", description: "Order id" } },
  required: ["id"],
  additionalProperties: false,
};

const order = defineTool({
  name: "get_order",
  title: "Read an order",
  description: "Read one order.",
  inputSchema: jsonSchema(json, ({ id }) =>
    /^o[0-9]+$/.test(String(id)) ? [] : [{ path: ["id"], message: "must look like o17" }],
  ),
  outputSchema: z.object({ id: z.string().describe("Order id") }),
  handler: (input) => ({ id: String(input.id) }),
});
const server = defineServer({ name: "orders", version: "1.0.0", tools: [order] });

test.each(WIRES)(
  "a tool made from data publishes its JSON Schema as it is, and its check guards the handler (%s)",
  async (wire) => {
    const client = await connect(server, { wire });
    const [listed] = await client.tools();
    expect(listed?.inputSchema).toEqual(json);
    expect((await client.call("get_order", { id: "o17" })).data).toEqual({ id: "o17" });
    const refused = await client.call("get_order", { id: "17" });
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining("id: must look like o17") });
    await client.close();
  },
);

test("a check may take its time, for a validator that is loaded with the first call", async () => {
  const late = async ({ id }: Record<string, unknown>) =>
    id === "o17" ? [] : [{ path: ["id"], message: "is another" }];
  const slow = defineTool({ ...order, inputSchema: jsonSchema(json, late) });
  const client = await connect(defineServer({ name: "orders", version: "1.0.0", tools: [slow] }), {
    wire: "stdio-2026",
  });
  expect((await client.call("get_order", { id: "o17" })).data).toEqual({ id: "o17" });
  expect(await client.call("get_order", { id: "o18" })).toMatchObject({
    isError: true,
    text: expect.stringContaining("id: is another"),
  });
  await client.close();
});

test("a given schema is held to the same rules as any: a field without a description is refused by name", () => {
  const bare: ObjectJsonSchema = { type: "object", properties: { id: { type: "string" } } };
  expect(() => defineTool({ ...order, inputSchema: jsonSchema(bare, () => []) })).toThrow(
    /tool "get_order" inputSchema: the field "id" has no description/,
  );
});

test("publishing an output schema open leaves the given one as it was", () => {
  defineTool({ ...order, outputSchema: jsonSchema(json, () => []) });
  expect(json.additionalProperties).toBe(false);
});
