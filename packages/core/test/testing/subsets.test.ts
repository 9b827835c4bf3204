import { expect, test } from "vitest";
import { geminiProblems, strictProblems } from "../../src/testing/requirements/subsets.ts";

const object = (properties: Record<string, object>, rest: object = {}) => ({ type: "object", properties, ...rest });
const text = { type: "string", description: "A text" };

test.each([
  ["no field", object({})],
  ["texts, numbers, choices", object({ a: text, b: { type: "integer", minimum: 1 }, c: { enum: ["x", "y"] } })],
  ["a list of objects", object({ a: { type: "array", items: object({ b: text }) } })],
  ["null or a text", object({ a: { anyOf: [text, { type: "null" }] }, b: { type: ["string", "null"] } })],
  ["a schema used twice", object({ a: { $ref: "#/$defs/t" }, b: { $ref: "#/$defs/t" } }, { $defs: { t: text } })],
])("%s fits both", (_what, schema) => {
  expect(geminiProblems(schema)).toEqual([]);
  expect(strictProblems(schema)).toEqual([]);
});

test.each([
  ["anything", { a: { description: "Anything" } }, "a says no type"],
  ["a list of anything", { a: { type: "array", items: {} } }, "a is an array that says no items"],
  ["a required field that is not there", { a: object({ b: text }, { required: ["b", "c"] }) }, "a requires c"],
])("%s fits neither", (_what, properties: Record<string, object>, problem) => {
  expect(geminiProblems(object(properties)).join()).toContain(problem);
  expect(strictProblems(object(properties)).join()).toContain(problem);
});

test.each([
  ["a map", object({ a: { type: "object", additionalProperties: text } }), "a is an object without named properties"],
  ["an empty text to choose", object({ a: { type: "string", enum: ["", "x"] } }), "a has an empty text"],
  ["all of several", object({ a: { allOf: [text] } }), "a has allOf"],
  ["properties of a text", object({ a: { ...text, properties: {} } }), "a has properties and is of type string"],
  ["a tree", object({ a: { $ref: "#/$defs/t" } }, { $defs: { t: object({ b: { $ref: "#/$defs/t" } }) } }), "itself"],
])("%s does not fit Gemini", (_what, schema, problem) => {
  expect(geminiProblems(schema).join()).toContain(problem);
});

test.each([
  ["a choice at the root", { type: "object", oneOf: [object({ a: text }), object({ b: text })] }, "must be one object"],
  ["a map", object({ a: { type: "object", additionalProperties: text } }), "a takes properties of any name"],
  ["what is ruled out", object({ a: { ...text, not: { const: "x" } } }), "a has not"],
  ["a tuple", object({ a: { type: "array", items: text, prefixItems: [text] } }), "a has prefixItems"],
  ["1,001 choices", object({ a: { enum: Array.from({ length: 1_001 }, String) } }), "1001 values, more than 1000"],
  ["eleven levels", nested(11), "11 levels, more than 10"],
])("%s does not fit OpenAI's strict mode", (_what, schema, problem) => {
  expect(strictProblems(schema).join()).toContain(problem);
});

test("ten levels fit, and so does a tree, in OpenAI's strict mode", () => {
  expect(strictProblems(nested(10))).toEqual([]);
  const tree = object({ a: { $ref: "#/$defs/t" } }, { $defs: { t: object({ b: { $ref: "#/$defs/t" } }) } });
  expect(strictProblems(tree)).toEqual([]);
});

function nested(levels: number): Record<string, unknown> {
  return levels === 0 ? text : object({ a: nested(levels - 1) });
}
