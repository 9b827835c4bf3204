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
/** Thrown for a schema inside itself, which has no end. */
class Recursive extends Error {}
/** Schemas inside one another. */
const MAX_DEPTH = 32;

/** A schema that tools share is written once. */
const written = new WeakMap<z.ZodType, string>();
/** Schemas that are being written. */
const open = new Set<z.ZodType>();
/** In a text of schemas that recurse: the place at which each of them stands in it, to be named where it stands again. */
type Places = Map<z.ZodType, number>;

/**
 * Everything that a conversion reads of a schema, as text: two schemas with the same text have the same JSON Schema.
 * `undefined` where the text could miss something: a schema that has an id, or converts itself.
 */
export function sourceOf(schema: z.ZodType, io: "input" | "output", places?: Places): string | undefined {
  open.clear();
  try {
    return io + writeSchema(schema, 0, places);
  } catch (error) {
    if (error instanceof Recursive) return sourceOf(schema, io, new Map());
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

function writeSchema(schema: z.ZodType, depth: number, places: Places | undefined): string {
  const known = places === undefined ? written.get(schema) : places.get(schema);
  if (known !== undefined) return typeof known === "string" ? known : `^${known};`;
  const { def, bag, parent, toJSONSchema } = schema._zod as z.core.$ZodTypeInternals;
  if (!TYPES.has(def.type) || toJSONSchema !== undefined || depth > MAX_DEPTH) throw new Unknown();
  for (let above = parent; above !== undefined; above = above._zod.parent)
    if (above._zod.toJSONSchema !== undefined || z.globalRegistry.get(above)?.id !== undefined) throw new Unknown();
  const meta = z.globalRegistry.get(schema);
  if (meta?.id !== undefined) throw new Unknown();
  if (open.has(schema)) throw new Recursive();
  open.add(schema);
  places?.set(schema, places.size);
  const text = `<${write(def, depth, places)}${write(bag, depth, places)}${write(meta, depth, places)}>`;
  open.delete(schema);
  if (places === undefined) written.set(schema, text);
  return text;
}

/** A check says what it checks; what people write themselves is about values, not about the schema. */
function writeCheck({ _zod: { def } }: z.core.$ZodCheck, depth: number, places: Places | undefined): string {
  return def.check === "custom" || def.check === "overwrite" ? `${def.check};` : write(def, depth, places);
}

/** A text begins with its length, so that no two values are written alike. */
function write(value: unknown, depth: number, places: Places | undefined): string {
  if (typeof value === "string") return `${value.length}:${value}`;
  // Messages, and when to check: nothing that a JSON Schema says.
  if (typeof value === "function") return "f";
  if (typeof value === "bigint" || depth > MAX_DEPTH) throw new Unknown();
  if (typeof value !== "object" || value === null) return `${String(value)};`;
  if ("_zod" in value) return writeSchema(value as z.ZodType, depth + 1, places);
  if (value instanceof RegExp) return write(String(value), depth, places);
  if (Array.isArray(value) || value instanceof Set) {
    let list = "[";
    for (const item of value) list += write(item, depth + 1, places);
    return `${list}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new Unknown();
  let object = "{";
  for (const name of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[name];
    object += `${name.length}:${name}`;
    // In a shape, "checks" is a field like any other, and its schema is no list.
    if (name !== "checks" || !Array.isArray(member)) object += write(member, depth + 1, places);
    else for (const check of member) object += writeCheck(check, depth, places);
  }
  return `${object}}`;
}
