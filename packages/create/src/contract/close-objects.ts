import { isObject, type Schema, type SchemaObject } from "./schema.ts";

/** Keywords under which a schema speaks of the same value as its neighbours: closing it would forbid what they declare. */
const SHARED = ["allOf", "not", "if", "then", "else", "dependentSchemas"];

/**
 * The schema as those read it who send by it: only what is declared is there. An object that says nothing about other
 * keys lets them in, but nobody sends or relies on a key that was never declared.
 */
export function closeObjects(schema: Schema): Schema {
  if (!isObject(schema)) return schema;
  const next: SchemaObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === "properties" || keyword === "$defs" || keyword === "definitions") next[keyword] = eachOf(value);
    else if (["items", "additionalProperties"].includes(keyword)) next[keyword] = closeObjects(value as Schema);
    else if (["anyOf", "oneOf", "prefixItems"].includes(keyword)) next[keyword] = (value as Schema[]).map(closeObjects);
    else next[keyword] = value;
  }
  const alone = !SHARED.some((keyword) => keyword in schema) && !("anyOf" in schema) && !("oneOf" in schema);
  if ("properties" in schema && !("additionalProperties" in schema) && alone) next.additionalProperties = false;
  return next;
}

const eachOf = (schemas: unknown): SchemaObject =>
  Object.fromEntries(
    Object.entries(schemas as SchemaObject).map(([key, schema]) => [key, closeObjects(schema as Schema)]),
  );
