import { z } from "zod";
import type { ObjectJsonSchema } from "./json-schema.ts";

/**
 * JSON Schemas that were converted before, by {@link sourceOf} what they were made. A bundle brings those of its tools:
 * a conversion costs a millisecond, and a start waits for all of them.
 */
export const readySchemas: Map<string, ObjectJsonSchema> =
  (globalThis as { [key: symbol]: Map<string, ObjectJsonSchema> | undefined })[Symbol.for("offshoot.readySchemas")] ??
  new Map();

/** Types whose conversion depends on nothing but what {@link write} writes. */
const TYPES = new Set(
  "string number boolean null literal enum array object record tuple union intersection optional nullable nonoptional default prefault readonly any unknown never".split(
    " ",
  ),
);
/** Thrown for what could not be written. */
class Unknown extends Error {}
/** Schemas inside one another. What recurses has no end. */
const MAX_DEPTH = 32;

/** A schema that tools share is written once. */
const written = new WeakMap<z.ZodType, string>();

/**
 * Everything that a conversion reads of a schema, as text: two schemas with the same text have the same JSON Schema.
 * `undefined` where the text could miss something: a schema that recurses, has an id, or converts itself.
 */
export function sourceOf(schema: z.ZodType, io: "input" | "output"): string | undefined {
  try {
    return io + writeSchema(schema, 0);
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

function writeSchema(schema: z.ZodType, depth: number): string {
  const known = written.get(schema);
  if (known !== undefined) return known;
  const { def, bag, parent, toJSONSchema } = schema._zod as z.core.$ZodTypeInternals;
  if (!TYPES.has(def.type) || toJSONSchema !== undefined || depth > MAX_DEPTH) throw new Unknown();
  for (let above = parent; above !== undefined; above = above._zod.parent)
    if (above._zod.toJSONSchema !== undefined || z.globalRegistry.get(above)?.id !== undefined) throw new Unknown();
  const meta = z.globalRegistry.get(schema);
  if (meta?.id !== undefined) throw new Unknown();
  const text = `<${write(def, depth)}${write(bag, depth)}${write(meta, depth)}>`;
  written.set(schema, text);
  return text;
}

/** A check says what it checks; what people write themselves is about values, not about the schema. */
function writeCheck({ _zod: { def } }: z.core.$ZodCheck, depth: number): string {
  return def.check === "custom" || def.check === "overwrite" ? `${def.check};` : write(def, depth);
}

/** A text begins with its length, so that no two values are written alike. */
function write(value: unknown, depth: number): string {
  if (typeof value === "string") return `${value.length}:${value}`;
  // Messages, and when to check: nothing that a JSON Schema says.
  if (typeof value === "function") return "f";
  if (typeof value === "bigint" || depth > MAX_DEPTH) throw new Unknown();
  if (typeof value !== "object" || value === null) return `${String(value)};`;
  if ("_zod" in value) return writeSchema(value as z.ZodType, depth + 1);
  if (value instanceof RegExp) return write(String(value), depth);
  if (Array.isArray(value) || value instanceof Set) {
    let list = "[";
    for (const item of value) list += write(item, depth + 1);
    return `${list}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new Unknown();
  let object = "{";
  for (const name of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[name];
    object += `${name.length}:${name}`;
    // In a shape, "checks" is a field like any other, and its schema is no list.
    if (name !== "checks" || !Array.isArray(member)) object += write(member, depth + 1);
    else for (const check of member) object += writeCheck(check, depth);
  }
  return `${object}}`;
}
