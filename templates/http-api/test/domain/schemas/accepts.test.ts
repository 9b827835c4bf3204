// A schema of plain keywords is held to without the validator's thread: it may say yes only where the validator would.
import fc from "fast-check";
import { expect, test } from "vitest";
import { acceptor } from "../../../src/domain/schemas/accepts.ts";
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

const { schema } = fc.letrec<{ schema: object }>((tie) => ({
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
  ),
}));
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
    fc.property(schema, near, (given, one) => {
      if (acceptor(given)?.(one) !== true) return;
      yes += 1;
      key += 1;
      const job = { key: `schema:${key}`, schema: given as never, names: {}, definitions: [] };
      expect(validator.compile(job).check(one)).toEqual([]);
    }),
    { numRuns: 500 },
  );
  expect(yes).toBeGreaterThan(30);
});

test.each([
  ["a text", { type: "string", minLength: 2 }, "text", true],
  ["two characters that may be one", { type: "string", minLength: 2 }, "ab", false],
  ["a choice", { type: "string", enum: ["a", "b"] }, "b", true],
  ["a format, which is a word to people", { type: "string", format: "email" }, "text", true],
  ["no choice", { type: "string", enum: ["a", "b"] }, "c", false],
  ["an object", { type: "object", properties: { a: { type: "integer" } }, required: ["a"] }, { a: 1 }, true],
  ["an object without what it needs", { type: "object", required: ["toString"] }, {}, false],
  ["a number of more digits than JavaScript has", { type: "object" }, (JSON as never as Raw).rawJSON("1.10"), false],
])("%s", (_what, given, one, yes) => {
  expect(acceptor(given)?.(one)).toBe(yes);
});
interface Raw {
  rawJSON(text: string): unknown;
}

test.each([
  { type: "string", pattern: "^(a+)+$" },
  { $ref: "#/$defs/Other" },
  { type: ["string", "null"] },
  { type: "object", additionalProperties: { type: "string" } },
  { type: "object", properties: { a: { anyOf: [{}] } } },
  { type: "array", uniqueItems: true },
  { enum: ["a"] },
  { const: 1 },
  false,
])("has nothing to say of %j", (given) => {
  expect(acceptor(given)).toBeUndefined();
});
