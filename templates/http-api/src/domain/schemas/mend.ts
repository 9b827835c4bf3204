import type { JsonSchema } from "../operation.ts";
import { isNode, isSchema } from "./keywords.ts";

/** A keyword that cannot be used as it is, and why. */
export interface BadKeyword {
  keyword: string;
  reason: string;
}

const TYPES = new Set(["array", "boolean", "integer", "null", "number", "object", "string"]);
const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
const isCount = (value: unknown): boolean => isNumber(value) && (value as number) >= 0;
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isMap = (holds: (item: unknown) => boolean) => (value: unknown) =>
  isNode(value) && Object.values(value).every(holds);
const isList = (value: unknown): boolean => Array.isArray(value) && value.length > 0;

/** What the value of a keyword has to be, in words and as a test. A keyword that is not here says nothing about values. */
const KEYWORDS = new Map<string, [wanted: string, test: (value: unknown) => boolean]>(
  Object.entries({
    $ref: ["a text", isText],
    type: [
      "a type of JSON Schema, or a list of them",
      (value) =>
        isText(value)
          ? TYPES.has(value)
          : isList(value) && (value as unknown[]).every((one) => TYPES.has(one as string)),
    ],
    enum: ["a list with something in it", isList],
    const: ["any value", () => true],
    required: ["a list of names", isTexts],
    dependentRequired: ["a map of lists of names", isMap(isTexts)],
    properties: ["a map of schemas", isNode],
    patternProperties: ["a map of schemas", isNode],
    dependentSchemas: ["a map of schemas", isNode],
    allOf: ["a list of schemas", isList],
    anyOf: ["a list of schemas", isList],
    oneOf: ["a list of schemas", isList],
    prefixItems: ["a list of schemas", isList],
    ...Object.fromEntries(
      [
        "not",
        "if",
        "then",
        "else",
        "contains",
        "propertyNames",
        "items",
        "additionalProperties",
        "unevaluatedProperties",
        "unevaluatedItems",
      ].map((keyword) => [keyword, ["a schema", isSchema]]),
    ),
    ...Object.fromEntries(
      ["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"].map((keyword) => [
        keyword,
        ["a number", isNumber],
      ]),
    ),
    multipleOf: ["a number above 0", (value) => isNumber(value) && (value as number) > 0],
    ...Object.fromEntries(
      [
        "maxLength",
        "minLength",
        "maxItems",
        "minItems",
        "maxProperties",
        "minProperties",
        "maxContains",
        "minContains",
      ].map((keyword) => [keyword, ["a number from 0", isCount]]),
    ),
    uniqueItems: ["true or false", (value) => typeof value === "boolean"],
    pattern: ["a regular expression of JavaScript", isPattern],
  }),
);

/** What says nothing about which values fit, and something to those who read the schema. */
const TEXTS = ["title", "description", "format", "contentEncoding", "contentMediaType"] as const;

/** Whether a text is a regular expression as JSON Schema has them. It is never run here. */
export function isPattern(value: unknown): boolean {
  if (!isText(value) || value.length > MAX_PATTERN) return false;
  try {
    new RegExp(value);
    return true;
  } catch {
    return false;
  }
}

/** Characters of a pattern: compiling takes its time too. */
const MAX_PATTERN = 10_000;

/**
 * A schema node with keywords that a validator can compile, whatever stood there: one with a value that it cannot have
 * is left out, which accepts more. Older ways to say something that is clear are put into today's. Inner schemas are
 * the caller's to mend.
 */
export function mend(node: JsonSchema): { node: JsonSchema; bad: BadKeyword[] } {
  const modern = today(node);
  const bad = badKeywords(modern);
  const left = new Set(bad.map(({ keyword }) => keyword));
  const out: JsonSchema = {};
  for (const keyword of Object.keys(modern))
    if (KEYWORDS.has(keyword) && !left.has(keyword)) out[keyword] = modern[keyword];
  for (const keyword of TEXTS) if (isText(node[keyword])) out[keyword] = node[keyword];
  if (Object.hasOwn(node, "default")) out.default = node.default;
  if (node.deprecated === true) out.deprecated = true;
  return { node: node.nullable === true ? nullable(out) : withNull(out), bad };
}

/** The keywords of a node that cannot be used as they are. */
function badKeywords(node: JsonSchema): BadKeyword[] {
  const bad: BadKeyword[] = [];
  for (const keyword of Object.keys(node)) {
    const known = KEYWORDS.get(keyword);
    if (known !== undefined && !known[1](node[keyword]))
      bad.push({ keyword, reason: `${keyword} is ${show(node[keyword])} where ${known[0]} belongs` });
    else if (keyword === "$dynamicRef" || keyword === "$recursiveRef")
      bad.push({ keyword, reason: `${keyword} is not followed` });
  }
  return bad;
}

/** The same, for people: in the words that the description has. */
export const flawsOf = (node: JsonSchema): BadKeyword[] => badKeywords(today(node));

/** What drafts 3 to 7 and OpenAPI 3.0 say in another way. */
function today(node: JsonSchema): JsonSchema {
  if (
    typeof node.exclusiveMinimum !== "boolean" &&
    typeof node.exclusiveMaximum !== "boolean" &&
    !Array.isArray(node.items)
  )
    return node;
  const out = { ...node };
  for (const [exclusive, bound] of [
    ["exclusiveMinimum", "minimum"],
    ["exclusiveMaximum", "maximum"],
  ] as const) {
    if (typeof out[exclusive] !== "boolean") continue;
    const isExclusive = out[exclusive] && isNumber(out[bound]);
    delete out[exclusive];
    if (!isExclusive) continue;
    out[exclusive] = out[bound];
    delete out[bound];
  }
  if (Array.isArray(out.items)) {
    const { items, additionalItems } = out;
    delete out.items;
    if (items.length > 0) out.prefixItems = items;
    if (isSchema(additionalItems)) out.items = additionalItems;
  }
  return out;
}

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
};

/** The same schema, and null. */
function nullable(node: JsonSchema): JsonSchema {
  const { title, description, default: preset, ...rest } = node;
  const keywords = Object.keys(rest);
  if (keywords.length === 0) return node;
  if (keywords.every((keyword) => NULL_SAFE.has(keyword) || keyword === "type" || keyword === "enum")) {
    const type = rest.type === undefined ? undefined : [...new Set([rest.type, "null"].flat())];
    return withNull({ ...node, ...(type === undefined ? {} : { type }) }, true);
  }
  return {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(preset === undefined ? {} : { default: preset }),
    anyOf: [{ type: "null" }, rest],
  };
}

/** Keywords that say nothing of null. */
const NULL_SAFE = new Set([
  ...["required", "dependentRequired", "properties", "patternProperties", "additionalProperties", "propertyNames"],
  ...["items", "prefixItems", "contains", "minContains", "maxContains", "uniqueItems", "maxItems", "minItems"],
  ...["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf", "maxLength", "minLength", "pattern"],
  ...["maxProperties", "minProperties", "format", "deprecated"],
]);

/** Where the type takes null, an enumeration beside it does: what OpenAPI 3.0 has meant by `nullable` is raised so. */
function withNull(node: JsonSchema, anyway = false): JsonSchema {
  const takesNull = anyway || (Array.isArray(node.type) && node.type.includes("null"));
  if (!takesNull || !Array.isArray(node.enum) || node.enum.includes(null)) return node;
  return { ...node, enum: [...node.enum, null] };
}
