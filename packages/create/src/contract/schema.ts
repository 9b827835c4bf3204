/** JSON Schema as the contract holds it. */
export type Schema = boolean | SchemaObject;
export type SchemaObject = { [keyword: string]: unknown };

export const isObject = (value: unknown): value is SchemaObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Keywords that say something to a reader and nothing about which values are valid. */
const ANNOTATIONS = new Set([
  "$schema",
  "$id",
  "$comment",
  "$defs",
  "definitions",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
]);

/** What decides about values: the schema without its annotations, at this level only. */
export const assertions = (schema: SchemaObject): SchemaObject =>
  Object.fromEntries(Object.entries(schema).filter(([keyword]) => !ANNOTATIONS.has(keyword)));

/** The schema without `keywords`. */
export const without = (schema: SchemaObject, ...keywords: string[]): SchemaObject =>
  Object.fromEntries(Object.entries(schema).filter(([keyword]) => !keywords.includes(keyword)));

/** Whether two values are the same JSON, whatever the order of keys. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
}

/** Keys sorted all the way down, as locks are written; lists keep their order. */
export function sortKeys<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(sortKeys) as Value;
  if (!isObject(value)) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)])) as Value;
}

/**
 * What a local `$ref` points to, with the keywords beside it. `undefined` for one that leads nowhere or out of the
 * document: nothing can be said about such a schema.
 */
export function resolve(schema: SchemaObject, root: Schema): Schema | undefined {
  if (typeof schema.$ref !== "string") return schema;
  if (!schema.$ref.startsWith("#")) return undefined;
  let target: unknown = root;
  for (const part of schema.$ref.slice(1).split("/").slice(1)) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof target !== "object" || target === null || !Object.hasOwn(target, key)) return undefined;
    target = (target as SchemaObject)[key];
  }
  if (typeof target !== "boolean" && !isObject(target)) return undefined;
  const beside = assertions(without(schema, "$ref"));
  return Object.keys(beside).length === 0 ? target : { allOf: [target, beside] };
}
