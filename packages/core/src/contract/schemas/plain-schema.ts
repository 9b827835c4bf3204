import type { z } from "zod";

/** What a value that came through such a schema is: copied member by member, of JSON's own types. */
const SCALARS = new Set(["string", "number", "int", "boolean", "null", "literal", "enum", "template_literal"]);
const WRAPPERS = new Set(["optional", "nullable", "nonoptional", "default", "prefault", "readonly"]);

interface Definition {
  type: string;
  shape?: Record<string, z.ZodType>;
  catchall?: z.ZodType;
  element?: z.ZodType;
  valueType?: z.ZodType;
  innerType?: z.ZodType;
  options?: z.ZodType[];
}

/**
 * Whether all that a schema lets through is plain data. Where it says `any`, is a JSON Schema, transforms or recurses,
 * it may hold whatever the handler put there.
 */
export function isPlainSchema(schema: z.ZodType, above: readonly z.ZodType[] = []): boolean {
  if (above.includes(schema)) return false;
  const inner = (one: z.ZodType | undefined): boolean => one === undefined || isPlainSchema(one, [...above, schema]);
  const {
    type,
    shape = {},
    catchall,
    element,
    valueType,
    innerType,
    options = [],
  } = schema.def as unknown as Definition;
  if (SCALARS.has(type)) return true;
  if (WRAPPERS.has(type)) return inner(innerType);
  if (type === "array") return inner(element);
  if (type === "record") return inner(valueType);
  if (type === "union") return options.every(inner);
  return (
    type === "object" && (catchall === undefined || catchall.def.type === "never") && Object.values(shape).every(inner)
  );
}
