// A schema of plain keywords is held to without the validator's thread: it may say yes only where the validator would.
import fc from "fast-check";
import { expect, test } from "vitest";
import { acceptor } from "../../../src/domain/schemas/accepts.ts";
import { compilePattern } from "../../../src/domain/schemas/pattern.ts";
import { plainPattern } from "../../../src/domain/schemas/plain-pattern.ts";
import { createValidator } from "../../../src/domain/schemas/validator.ts";

const value = fc.jsonValue({ depthSize: "small", noUnicodeString: false }).map((json) => structuredClone(json));
const small = fc.integer({ min: -2, max: 4 });
const bounds = (...names: string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, small])), { requiredKeys: [] });
const choices = fc.record(
  { enum: fc.array(fc.oneof(fc.constantFrom("", "a", 0, 1, true, null), value), { minLength: 1 }) },
  { requiredKeys: [] },
);
const typed = (type: string, more: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc.tuple(more, choices).map(([keywords, chosen]) => ({ type, ...keywords, ...chosen, description: "One" }));

const { schema } = fc.letrec<{ schema: object | boolean }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom({}, { description: "Anything" }),
    typed("string", bounds("minLength", "maxLength").map(noNegative)),
    typed("integer", bounds("minimum", "exclusiveMaximum")),
    typed("number", bounds("maximum", "exclusiveMinimum")),
    typed("boolean", fc.constant({})),
    fc
      .tuple(tie("schema"), bounds("minItems", "maxItems").map(noNegative))
      .map(([items, more]) => ({ type: "array", items, ...more })),
    fc
      .record(
        {
          properties: fc.dictionary(fc.constantFrom("a", "b", "constructor", "toString"), tie("schema")),
          required: fc.uniqueArray(fc.constantFrom("a", "toString")),
          additionalProperties: fc.boolean(),
        },
        { requiredKeys: [] },
      )
      .map((more) => ({ type: "object", ...more })),
    fc.record(
      { properties: fc.dictionary(fc.constantFrom("a", "b"), tie("schema")), additionalProperties: tie("schema") },
      { requiredKeys: [] },
    ),
    fc
      .uniqueArray(fc.constantFrom("string", "integer", "number", "null", "array", "object"), { minLength: 1 })
      .map((type) => ({ type })),
    fc
      .tuple(fc.constantFrom("allOf", "anyOf", "oneOf"), fc.array(tie("schema"), { minLength: 1, maxLength: 3 }))
      .map(([keyword, all]) => ({ [keyword]: all })),
    fc.constantFrom("A", "B").map((name) => ({ $ref: `#/$defs/${name}` })),
    fc.constantFrom("^a+$", "^[a-b]{2}$", "^(a+)+$", "b").map((pattern) => ({ type: "string", pattern })),
    fc.oneof(value, fc.constantFrom("a", 1, null)).map((one) => ({ const: one })),
    fc.boolean(),
  ),
}));
/** A schema, and two that it may refer to, which may refer to themselves. */
const withDefinitions = fc
  .tuple(schema, schema, schema)
  .map(([root, A, B]) => (typeof root === "boolean" ? root : { ...root, $defs: { A, B } }));
/** Lengths and numbers of items begin at 0. */
function noNegative(given: Record<string, number | undefined>): object {
  return Object.fromEntries(Object.entries(given).map(([name, bound]) => [name, Math.abs(bound ?? 0)]));
}
/** Mostly values that have a chance. */
const near = fc.oneof(
  value,
  fc.constantFrom("", "a", "ab", "\u{1f600}", "\u{1f600}\u{1f600}", 0, 1, 1.5, -1, true, null),
  fc.array(fc.constantFrom("a", 1, true), { maxLength: 4 }),
  fc.dictionary(fc.constantFrom("a", "b", "constructor", "c"), fc.constantFrom("a", 1, true, null, [])),
);

test("what it says yes to, the validator finds nothing wrong with", () => {
  const validator = createValidator();
  let yes = 0;
  let key = 0;
  fc.assert(
    fc.property(withDefinitions, near, (given, one) => {
      if (typeof given === "boolean" || acceptor(given)?.(one) !== true) return;
      yes += 1;
      key += 1;
      const names = { A: `A:${key}`, B: `B:${key}` };
      const { A, B } = structuredClone(given.$defs) as { A: never; B: never };
      const definitions: [string, never][] = [
        [names.A, typeof A === "boolean" ? ((A ? {} : { not: {} }) as never) : A],
        [names.B, typeof B === "boolean" ? ((B ? {} : { not: {} }) as never) : B],
      ];
      const job = { key: `schema:${key}`, schema: structuredClone(given) as never, names, definitions };
      expect(validator.compile(job).check(one)).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
  expect(yes).toBeGreaterThan(30);
});

const list = {
  $ref: "#/$defs/Node",
  $defs: { Node: { type: "object", properties: { value: { type: "integer" }, next: { $ref: "#/$defs/Node" } } } },
};
/** Looks at each level twice, and at each of those twice. */
const twice = { properties: { next: { $ref: "#/$defs/Twice" } }, required: ["value"] };
const doubling = { $ref: "#/$defs/Twice", $defs: { Twice: { type: "object", allOf: [twice, twice] } } };
const nested = (levels: number): object => (levels === 0 ? { value: 1 } : { value: 1, next: nested(levels - 1) });

test.each([
  ["a text", { type: "string", minLength: 2 }, "text", true],
  ["two characters that may be one", { type: "string", minLength: 2 }, "ab", false],
  ["a choice", { type: "string", enum: ["a", "b"] }, "b", true],
  ["a format, which is a word to people", { type: "string", format: "email" }, "text", true],
  ["no choice", { type: "string", enum: ["a", "b"] }, "c", false],
  ["an object", { type: "object", properties: { a: { type: "integer" } }, required: ["a"] }, { a: 1 }, true],
  ["an object without what it needs", { type: "object", required: ["toString"] }, {}, false],
  ["a choice of another kind", { enum: ["a", 1, null] }, null, true],
  ["one of several types", { type: ["string", "null"] }, null, true],
  ["another type", { type: ["string", "null"] }, 1, false],
  ["members of one schema", { additionalProperties: { type: "string" } }, { a: "b" }, true],
  ["what a reference leads to", list, { next: { next: { value: 1 } } }, true],
  ["what is wrong where a reference leads", list, { next: { next: { value: "1" } } }, false],
  ["a reference that leads nowhere", { $ref: "#/$defs/Other" }, 1, false],
  ["a reference that leads to itself", { $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } }, 1, false],
  ["one of two that cannot both fit", { oneOf: [{ type: "object" }, { type: "null" }] }, null, true],
  ["one of two that may both fit", { oneOf: [{ type: "integer" }, { type: "number" }] }, 1.5, false],
  ["an object without its odd part", { properties: { a: { not: {} } } }, { b: 1 }, true],
  ["an object with its odd part", { properties: { a: { not: {} } } }, { a: 1 }, false],
  ["what the validator would take long for", doubling, nested(40), false],
  ["a pattern", { type: "string", pattern: "^[A-Z]{2}-[0-9]+$" }, "AB-12", true],
  ["what a pattern does not fit", { type: "string", pattern: "^[A-Z]{2}-[0-9]+$" }, "AB-x", false],
  ["a number of more digits than JavaScript has", { type: "object" }, (JSON as never as Raw).rawJSON("1.10"), false],
])("%s", (_what, given, one, yes) => {
  expect(acceptor(given)?.(one)).toBe(yes);
});
interface Raw {
  rawJSON(text: string): unknown;
}

test.each([
  { type: "string", pattern: "^(a+)+$" },
  { type: "array", uniqueItems: true },
  { not: {} },
  { const: {} },
  "string",
])("has nothing to say of %j", (given) => {
  expect(acceptor(given)).toBeUndefined();
});

test("a plain pattern means what it means to the validator's engine", () => {
  const part = fc.constantFrom("a", "-", "[a-c]", "[\\w-]", "[.\\]x]", "\\d", "\\.", "\\\\", "[+*?]", " ");
  const times = fc.constantFrom("", "", "{2}", "+", "*", "?", "{0,2}");
  const source = fc
    .tuple(fc.array(fc.tuple(part, times), { maxLength: 4 }), fc.boolean())
    .map(([parts, whole]) => `^${parts.flat().join("")}${whole ? "$" : ""}`);
  const text = fc.string({ unit: fc.constantFrom(..."aabcd-.\\+* 1]é\u{1f600}\n"), maxLength: 6 });
  let plain = 0;
  fc.assert(
    fc.property(source, text, (pattern, one) => {
      const found = plainPattern(pattern);
      if (found === undefined) return;
      plain += 1;
      expect(found.test(one)).toBe(compilePattern(pattern)?.test(one));
    }),
    { numRuns: 2_000 },
  );
  expect(plain).toBeGreaterThan(500);
});

test.each([
  "a+$",
  "^a+b+$",
  "^\\\\+\\\\+$",
  "^[^a]$",
  "^(a)$",
  "^a|b$",
  "^.$",
  "^\\s$",
  "^a+?$",
  "^é$",
  "^[z-a]$",
  `^${"a".repeat(200)}$`,
])("%s is left to the validator's engine", (pattern) => {
  expect(plainPattern(pattern)).toBeUndefined();
});
