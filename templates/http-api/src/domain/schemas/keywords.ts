import type { JsonSchema } from "../operation.ts";

/** Keywords whose value is one schema. */
export const SINGLE = [
  ...["not", "if", "then", "else", "contains", "propertyNames", "items"],
  ...["additionalProperties", "unevaluatedProperties", "unevaluatedItems"],
] as const;
/** Keywords whose value is a list of schemas. */
export const LISTS = ["allOf", "anyOf", "oneOf", "prefixItems"] as const;
/** Keywords whose value is a map from names to schemas: a name there is no keyword. */
export const MAPS = ["properties", "patternProperties", "dependentSchemas"] as const;

/** Keywords whose schemas judge the very value that the schema around them judges. */
export const IN_PLACE: ReadonlySet<string> = new Set([
  ...["$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"],
]);

export const isSchema = (value: unknown): value is JsonSchema | boolean => typeof value === "boolean" || isNode(value);

export const isNode = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The schemas inside a sound one, and the keyword that each stands under. */
export function* inner(node: JsonSchema): Iterable<[keyword: string, child: JsonSchema]> {
  for (const keyword of SINGLE) if (isNode(node[keyword])) yield [keyword, node[keyword]];
  for (const keyword of LISTS)
    for (const child of (node[keyword] as unknown[] | undefined) ?? []) if (isNode(child)) yield [keyword, child];
  for (const keyword of MAPS)
    for (const child of Object.values((node[keyword] as object | undefined) ?? {}))
      if (isNode(child)) yield [keyword, child];
}

/** Keywords that hold schemas, one or many. */
export const HOLDS_SCHEMAS: ReadonlySet<string> = new Set([...SINGLE, ...LISTS, ...MAPS]);
/** Of these, the maps from names. */
export const HOLDS_MAP: ReadonlySet<string> = new Set(MAPS);
