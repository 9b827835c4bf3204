import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Document } from "../../../src/domain/openapi/document/document.ts";
import { listOperations } from "../../../src/domain/openapi/operations.ts";
import { described, operation } from "../../fixtures/description.ts";
import { openWire } from "../../fixtures/wire.ts";

let wire: Awaited<ReturnType<typeof openWire>>;
beforeAll(async () => {
  wire = await openWire();
});
afterAll(() => wire.close());

const parameter = (type: string, schema: unknown, more = {}) => ({
  name: "selector",
  in: "querystring",
  content: { [type]: { schema, ...more } },
});
const queryOf = async (given: unknown, ...parameters: unknown[]): Promise<string> => {
  const item = { get: operation({ parameters }) };
  const { target } = await wire.send("/x", item, { selector: given }, { openapi: "3.2.0" });
  return target.split("?")[1] ?? "";
};

describe("OpenAPI 3.2's querystring is the whole query", () => {
  test("as its examples have it: JSON, and JSONPath", async () => {
    expect(await queryOf({ numbers: [1, 2], flag: null }, parameter("application/json", { type: "object" }))).toBe(
      "%7B%22numbers%22%3A%5B1%2C2%5D%2C%22flag%22%3Anull%7D",
    );
    expect(await queryOf("$.a.b[1:1]", parameter("application/jsonpath", { type: "string" }))).toBe(
      "%24.a.b%5B1%3A1%5D",
    );
  });

  test("as a form: what any reader of forms reads is what was given", async () => {
    const schema = { type: "object", properties: { foo: { type: "string" }, bar: { type: "boolean" } } };
    const form = parameter("application/x-www-form-urlencoded", schema);
    expect(Object.fromEntries(new URLSearchParams(await queryOf({ foo: "a + b", bar: true }, form)))).toEqual({
      foo: "a + b",
      bar: "true",
    });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ unit: "grapheme", minLength: 1 }), fc.string({ unit: "grapheme", minLength: 1 }), {
          minKeys: 1,
          maxKeys: 4,
        }),
        async (value) => {
          const query = await queryOf(value, form);
          expect(Object.fromEntries(new URLSearchParams(query))).toEqual({ ...value });
        },
      ),
      { numRuns: 50 },
    );
  });

  test("with an encoding of its own, and of no value nothing", async () => {
    const schema = { type: "object", properties: { ids: { type: "array", items: { type: "integer" } } } };
    const encoding = { ids: { style: "form", explode: false } };
    const form = parameter("application/x-www-form-urlencoded", schema, { encoding });
    expect(await queryOf({ ids: [1, 2] }, form)).toBe("ids=1,2");
    expect(await queryOf(undefined, form)).toBe("");
  });

  test("beside a query parameter, or without content, it takes its operation out by name", () => {
    const get = (...parameters: unknown[]) => ({ get: operation({ parameters }) });
    const whole = { ...parameter("application/json", {}), required: true };
    const paths = {
      "/beside": get(whole, { name: "a", in: "query", schema: { type: "string" } }),
      "/bare": get({ name: "a", in: "querystring", required: true, schema: { type: "string" } }),
      "/good": get(whole),
    };
    const { entries, flaws } = listOperations(described(paths, { openapi: "3.2.0" }) as unknown as Document);
    expect(entries.map(({ path }) => path)).toEqual(["/good"]);
    expect(flaws.map(({ pointer, reason }) => `${pointer} ${reason}`).join("\n")).toMatch(
      /~1beside.*has others beside it.*\n.*~1bare.*needs the media type/,
    );
  });
});

test.each([
  ["text/plain; charset=utf-16", "utf-16be"],
  ["text/plain; charset=UTF-16LE", "utf-16le"],
  ['application/json; charset="utf-16be"', "utf-16be"],
  ["text/csv; charset=iso-8859-1", "iso-8859-1"],
  ["text/plain; charset=utf-8", "utf-8"],
])("a body declared %s is sent as that", async (type, label) => {
  const item = { post: operation({ requestBody: { required: true, content: { [type]: {} } } }) };
  const isJson = type.includes("json");
  const text = label === "iso-8859-1" ? "caf\u00e9" : "caf\u00e9 \u8336 \u{1f375}";
  const { body, headers } = await wire.send("/x", item, { body: text });
  expect(headers["content-type"]).toBe(type);
  // What reads it here is the platform's decoder, which knows nothing of what wrote it.
  const read = new TextDecoder(label, { fatal: true }).decode(body);
  expect(isJson ? JSON.parse(read) : read).toBe(text);
  if (label === "iso-8859-1") await expect(wire.send("/x", item, { body: "\u8336" })).rejects.toThrow(/iso-8859-1/);
});
