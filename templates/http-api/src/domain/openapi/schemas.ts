import { ApiError } from "../errors.ts";
import type { JsonSchema } from "../operation.ts";
import type { Document } from "./read.ts";

/** Which way a value travels: a request leaves out what is readOnly, an answer what is writeOnly. */
export type Direction = "request" | "reply";

/** Keywords of OpenAPI that mean nothing to a validator and cost a model tokens. */
const LEFT_OUT = new Set(["discriminator", "xml", "externalDocs", "example", "examples", "readOnly", "writeOnly"]);

/** Keywords whose value is a map from names to schemas: a name there is no keyword. */
const NAMED = new Set(["properties", "patternProperties", "$defs", "dependentSchemas"]);

/** Follows a reference inside the document. @throws ApiError when it leads nowhere */
export function follow(document: Document, node: unknown): Record<string, unknown> {
  let at = node as Record<string, unknown>;
  for (let hops = 0; typeof at?.$ref === "string"; hops += 1) {
    if (hops > 32) throw new ApiError("description_invalid", `The reference ${at.$ref} leads round in a circle.`);
    at = lookUp(document, at.$ref);
  }
  return at;
}

function lookUp(document: Document, reference: string): Record<string, unknown> {
  const steps = reference
    .slice(2)
    .split("/")
    .map((step) => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~"));
  let at: unknown = document;
  for (const step of steps) {
    at =
      typeof at === "object" && at !== null && Object.hasOwn(at, step)
        ? (at as Record<string, unknown>)[step]
        : undefined;
  }
  if (typeof at !== "object" || at === null)
    throw new ApiError("description_invalid", `The reference ${reference} leads nowhere.`);
  return at as Record<string, unknown>;
}

/**
 * A schema that stands alone: every schema it refers to is carried in its `$defs`, so that a model and a validator need
 * nothing else. Recursive ones stay recursive.
 */
export function standAlone(document: Document, schema: unknown, direction: Direction): JsonSchema {
  const definitions: Record<string, JsonSchema> = {};
  const names = new Map<string, string>();

  const nameOf = (reference: string): string => {
    const known = names.get(reference);
    if (known !== undefined) return known;
    const last = (reference.split("/").at(-1) ?? "schema").replace(/[^A-Za-z0-9_]/g, "_");
    let name = last;
    for (let n = 2; Object.hasOwn(definitions, name); n += 1) name = `${last}_${n}`;
    names.set(reference, name);
    // Taken before it is filled: a schema may refer to itself.
    definitions[name] = {};
    definitions[name] = copy(lookUp(document, reference)) as JsonSchema;
    return name;
  };

  const copy = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(copy);
    if (typeof node !== "object" || node === null) return node;
    const out: JsonSchema = {};
    for (const [key, value] of Object.entries(node)) {
      if (key === "$ref" && typeof value === "string") out.$ref = `#/$defs/${nameOf(value)}`;
      else if (NAMED.has(key)) out[key] = copyNamed(value);
      else if (key === "enum" || key === "const" || key === "default") out[key] = value;
      else if (!LEFT_OUT.has(key) && !key.startsWith("x-")) out[key] = copy(value);
    }
    if (Array.isArray(out.required)) {
      const gone = goneOf(node as JsonSchema);
      out.required = out.required.filter((name) => !gone.has(name as string));
    }
    if (out.properties !== undefined)
      for (const name of goneOf(node as JsonSchema)) delete (out.properties as Record<string, unknown>)[name];
    return out;
  };

  const copyNamed = (value: unknown): Record<string, unknown> =>
    Object.fromEntries(Object.entries(value as Record<string, unknown>).map(([name, item]) => [name, copy(item)]));

  const goneOf = (node: JsonSchema): Set<string> => {
    const flag = direction === "request" ? "readOnly" : "writeOnly";
    const properties = Object.entries((node.properties ?? {}) as Record<string, unknown>);
    return new Set(properties.filter(([, item]) => follow(document, item)[flag] === true).map(([name]) => name));
  };

  const root = copy(schema ?? {}) as JsonSchema;
  return Object.keys(definitions).length === 0 ? root : { ...root, $defs: definitions };
}
