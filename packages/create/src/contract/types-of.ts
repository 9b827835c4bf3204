import type { SchemaObject } from "./schema.ts";

const EVERY_TYPE = ["null", "boolean", "object", "array", "number", "string"];

/** The types a schema lets in: all of them where it names none. */
export function typesOf({ type }: SchemaObject): string[] {
  if (type === undefined) return EVERY_TYPE;
  return Array.isArray(type) ? type : [type as string];
}

/** The type of a value in the words of JSON Schema; whole numbers are `integer`. */
export function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}
