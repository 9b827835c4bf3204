import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closeObjects } from "../../src/contract/close-objects.ts";
import type { Schema, SchemaObject } from "../../src/contract/schema.ts";
import { subset } from "../../src/contract/subset.ts";

const ajv = new Ajv2020({ strict: false });
/** `undefined` where the judge fails: the code that ajv writes for some odd schemas names variables it never made. */
function isValid(schema: Schema, value: unknown): boolean | undefined {
  try {
    return ajv.validate(schema, value) as boolean;
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

const small = fc.integer({ min: -3, max: 4 });
const key = fc.constantFrom("a", "b", "c");
const scalar = fc.oneof(
  small,
  fc.constantFrom("", "a", "bb", "ccc"),
  fc.boolean(),
  fc.constant(null),
  fc.constant(0.5),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    // As JSON.parse makes them: ajv compares objects without a prototype by a method that they do not have.
    fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

const part = (record: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<SchemaObject> =>
  fc.record(record, { requiredKeys: [] }) as fc.Arbitrary<SchemaObject>;
const count = fc.integer({ min: 0, max: 3 });
const { schema } = fc.letrec<{ schema: Schema }>((tie) => {
  const list = fc.array(tie("schema"), { minLength: 1, maxLength: 3 });
  return {
    schema: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      part({
        type: fc.constantFrom("string", "integer", "number", ["string", "null"]),
        minimum: small,
        maximum: small,
        exclusiveMinimum: small,
        exclusiveMaximum: small,
        multipleOf: fc.constantFrom(1, 2, 0.5),
        minLength: count,
        maxLength: count,
        pattern: fc.constantFrom("^a", "c$"),
      }),
      fc.record({ enum: fc.uniqueArray(scalar, { minLength: 1, maxLength: 4 }) }),
      fc.record({ const: scalar }),
      fc.boolean(),
      part({
        type: fc.constantFrom("array", ["array", "string"]),
        items: tie("schema"),
        prefixItems: list,
        minItems: count,
        maxItems: count,
        uniqueItems: fc.boolean(),
        contains: tie("schema"),
        minContains: count,
      }),
      part({
        type: fc.constant("object"),
        properties: fc.dictionary(key, tie("schema"), { maxKeys: 3 }),
        required: fc.uniqueArray(key, { maxLength: 3 }),
        additionalProperties: tie("schema"),
        patternProperties: fc.dictionary(fc.constantFrom("^a", "b"), tie("schema"), { maxKeys: 1 }),
        propertyNames: fc.constantFrom<Schema>({ enum: ["a", "b"] }, { maxLength: 1 }, true),
        minProperties: count,
        maxProperties: count,
      }),
      part({
        anyOf: list,
        oneOf: list,
        allOf: list,
        not: tie("schema"),
        if: tie("schema"),
        else: fc.constant<Schema>({ type: "string" }),
        type: fc.constantFrom("object", "string", "integer"),
      }),
    ) as fc.Arbitrary<Schema>,
  };
});

/** A schema and one that differs in a place or two: what two releases look like, and where a subset is likely. */
const { pair } = fc.letrec<{ pair: [Schema, Schema] }>(() => ({
  pair: fc.tuple(schema, schema, fc.nat(5)).map(([a, b, way]): [Schema, Schema] => {
    if (typeof a === "boolean" || typeof b === "boolean") return [a, b];
    const dropped = Object.fromEntries(Object.entries(a).filter((_, index) => index !== way));
    return (
      [
        [a, { ...a, ...b }],
        [{ ...a, ...b }, b],
        [a, { anyOf: [b, a] }],
        [{ allOf: [a, b] }, b],
        [a, dropped],
        [a, { oneOf: [a, b] }],
      ] as [Schema, Schema][]
    )[way] as [Schema, Schema];
  }),
}));

/** ajv 8 lets an empty list through `contains` where that takes anything and `prefixItems` stands beside it. */
const isMisread = (schema: Schema): boolean => {
  const text = JSON.stringify(schema);
  return text.includes('"prefixItems"') && /"contains":(\{\}|true)/.test(text);
};

describe("subset", () => {
  test("what it calls a subset is one: no value is valid for a and not for b", () => {
    let claimed = 0;
    const check = ([a, b]: [Schema, Schema], values: unknown[]): void => {
      if (!subset(a, b) || isMisread(a) || isMisread(b)) return;
      claimed += 1;
      const escaped = values.find((candidate) => isValid(a, candidate) === true && isValid(b, candidate) === false);
      expect(escaped, `${JSON.stringify(a)} ⊆ ${JSON.stringify(b)}`).toBeUndefined();
    };
    const values = fc.array(value, { minLength: 30, maxLength: 30 });
    fc.assert(fc.property(fc.oneof(pair, fc.tuple(schema, schema)), values, check), { numRuns: 1_000 });
    expect(claimed).toBeGreaterThan(150);
  });

  test("a schema is a subset of itself, of everything, and of itself with one more choice", () => {
    const plain = fc.constantFrom<Schema>(
      { type: "string", minLength: 1, pattern: "^a" },
      { type: "object", properties: { a: { $ref: "#/$defs/n" } }, $defs: { n: { type: "integer" } } },
      { anyOf: [{ type: "string" }, { type: "null" }], description: "maybe" },
      { type: "array", items: { enum: ["a", 1] }, minItems: 1 },
      {
        $ref: "#/$defs/tree",
        $defs: {
          tree: { type: "object", properties: { children: { type: "array", items: { $ref: "#/$defs/tree" } } } },
        },
      },
    );
    fc.assert(
      fc.property(plain, (one) => {
        expect(subset(one, one)).toBe(true);
        expect(subset(one, {})).toBe(true);
        expect(subset(one, true)).toBe(true);
        expect(subset(false, one)).toBe(true);
        if (!JSON.stringify(one).includes("$ref")) expect(subset(one, { anyOf: [{ type: "null" }, one] })).toBe(true);
      }),
    );
  });

  const tree = (leaf: Schema): Schema => ({
    $ref: "#/$defs/tree",
    $defs: {
      tree: {
        type: "object",
        properties: { leaf, children: { type: "array", items: { $ref: "#/$defs/tree" } } },
        required: ["leaf"],
      },
    },
  });
  const shape = (kind: string, more: SchemaObject = {}): Schema => ({
    type: "object",
    properties: { kind: { const: kind }, ...more },
    required: ["kind"],
  });
  const cases: [string, Schema, Schema, boolean][] = [
    ["integer in number", { type: "integer" }, { type: "number" }, true],
    ["number in integer", { type: "number" }, { type: "integer" }, false],
    ["a stricter bound", { type: "string", maxLength: 10 }, { type: "string", maxLength: 20 }, true],
    ["a looser bound", { type: "string", maxLength: 20 }, { type: "string", maxLength: 10 }, false],
    ["fewer constants", { type: "string", enum: ["a"] }, { type: "string", enum: ["a", "b"] }, true],
    ["one more constant", { type: "string", enum: ["a", "b"] }, { type: "string", enum: ["a"] }, false],
    ["constants in a type", { enum: ["a", "b"] }, { type: "string", maxLength: 1 }, true],
    ["another pattern", { type: "string", pattern: "^a" }, { type: "string", pattern: "^b" }, false],
    ["a format less", { type: "string", format: "uri" }, { type: "string" }, true],
    ["a format more", { type: "string" }, { type: "string", format: "uri" }, false],
    ["null taken away", { anyOf: [{ type: "string" }, { type: "null" }] }, { type: "string" }, false],
    ["a required key less", { type: "object", required: ["a", "b"] }, { type: "object", required: ["a"] }, true],
    ["an exclusive bound", { type: "integer", minimum: 1 }, { type: "number", exclusiveMinimum: 0 }, true],
    ["the same recursion", tree({ type: "integer" }), tree({ type: "number" }), true],
    ["another recursion", tree({ type: "string" }), tree({ type: "number" }), false],
    ["a variant of a union", shape("x"), { oneOf: [shape("x"), shape("y")] }, true],
    [
      "a union and one more",
      { oneOf: [shape("x"), shape("y")] },
      { oneOf: [shape("x"), shape("y"), shape("z")] },
      true,
    ],
    ["a union and one less", { oneOf: [shape("x"), shape("y")] }, { oneOf: [shape("x")] }, false],
    ["a keyword of the future", { type: "string" }, { type: "string", sparkles: 3 }, false],
    [
      "what looks at its neighbours",
      { type: "object", unevaluatedProperties: false },
      { type: "object", unevaluatedProperties: false, minProperties: 0 },
      false,
    ],
    ["closed in open", { type: "object", additionalProperties: false }, { type: "object" }, true],
    ["open in closed", { type: "object" }, { type: "object", additionalProperties: false }, false],
  ];
  test.each(cases)("%s", (_name, a, b, expected) => {
    expect(subset(a, b)).toBe(expected);
  });

  test("who sends by an open object sends what it declares", () => {
    const old: Schema = { type: "object", properties: { a: { type: "string" } } };
    const now: Schema = { type: "object", properties: { a: { type: "string" }, b: { type: "integer" } } };
    expect(subset(old, now)).toBe(false);
    expect(subset(closeObjects(old), now)).toBe(true);
  });
});
