import type { JsonSchema } from "../operation.ts";
import { lookUp } from "./pointer.ts";
import type { Document } from "./read.ts";

/** Which way a value travels: a request leaves out what is readOnly, an answer what is writeOnly. */
export type Direction = "request" | "reply";

/** Keywords of OpenAPI that mean nothing to a validator and cost a model tokens. */
const LEFT_OUT = new Set([
  "discriminator",
  "xml",
  "externalDocs",
  "example",
  "examples",
  "readOnly",
  "writeOnly",
  "nullable",
]);

/** Keywords whose value is a map from names to schemas: a name there is no keyword. */
const NAMED = new Set(["properties", "patternProperties", "$defs", "dependentSchemas"]);

/**
 * Where a schema stands, in characters of JSON, that what it refers to is left out. Past it a model pays more than it
 * learns.
 */
const MAX_CHARACTERS = { request: 16_384, reply: 4_096 };

/**
 * A schema that stands alone: every schema it refers to is carried in its `$defs`, so that a model and a validator need
 * nothing else. Recursive ones stay recursive. The nearest come first; those that no longer fit are left open, which
 * accepts more and never less (in Stripe's description one answer reaches 400 kB of schemas).
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
    definitions[name] = {};
    return name;
  };

  const root = copySchema(document, schema ?? {}, direction, nameOf);
  let left = MAX_CHARACTERS[direction] - JSON.stringify(root).length;
  // A map can be walked while it grows: what a definition refers to is appended, so nearer ones come first.
  for (const [reference, name] of names) {
    // A reference that leads nowhere says nothing of a value: reported when the description is read.
    const target = lookUp(document, reference) ?? {};
    const whole = left > 0 ? copySchema(document, target, direction, nameOf) : leftOpen(target);
    left -= JSON.stringify(whole).length;
    definitions[name] = whole;
  }
  return names.size === 0 ? root : { ...root, $defs: definitions };
}

function leftOpen(target: unknown): JsonSchema {
  const { type, description } = asObject(target);
  return {
    ...(type === undefined ? {} : { type }),
    ...(typeof description === "string" ? { description: description.slice(0, 80) } : {}),
  };
}

const asObject = (node: unknown): JsonSchema =>
  typeof node === "object" && node !== null && !Array.isArray(node) ? (node as JsonSchema) : {};

function copySchema(
  document: Document,
  schema: unknown,
  direction: Direction,
  nameOf: (reference: string) => string,
): JsonSchema {
  const copy = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(copy);
    if (typeof node !== "object" || node === null) return node;
    const gone = hidden(document, node as JsonSchema, direction);
    const out: JsonSchema = {};
    for (const [key, value] of Object.entries(node)) {
      if (key === "$ref" && typeof value === "string") out.$ref = `#/$defs/${nameOf(value)}`;
      else if (key === "required" && Array.isArray(value)) out.required = value.filter((name) => !gone.has(name));
      else if (NAMED.has(key)) out[key] = copyNamed(value, gone);
      else if (key === "enum" || key === "const" || key === "default") out[key] = value;
      else if (!LEFT_OUT.has(key) && !key.startsWith("x-")) out[key] = copy(value);
    }
    return out;
  };
  const copyNamed = (value: unknown, gone: ReadonlySet<string>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(asObject(value))
        .filter(([name]) => !gone.has(name))
        // `name:` and nothing behind it, in YAML, is null.
        .map(([name, item]) => [name, item === null ? {} : copy(item)]),
    );
  return copy(schema) as JsonSchema;
}

/** The properties that do not travel this way. */
function hidden(document: Document, node: JsonSchema, direction: Direction): ReadonlySet<string> {
  const flag = direction === "request" ? "readOnly" : "writeOnly";
  const isHidden = (item: unknown): boolean => {
    let at = asObject(item);
    for (let hops = 0; typeof at.$ref === "string" && hops < 32; hops += 1) at = asObject(lookUp(document, at.$ref));
    return at[flag] === true;
  };
  return new Set(Object.entries(asObject(node.properties)).flatMap(([name, item]) => (isHidden(item) ? [name] : [])));
}

/** The definitions that a schema reaches, through each other too: what nobody refers to costs a model for nothing. */
export function reachable(schema: unknown, definitions: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const kept: Record<string, JsonSchema> = {};
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key !== "$ref" || typeof value !== "string") visit(value);
      else {
        const name = value.replace("#/$defs/", "");
        const target = definitions[name];
        if (target === undefined || Object.hasOwn(kept, name)) continue;
        kept[name] = target;
        visit(target);
      }
    }
  };
  visit(schema);
  return kept;
}
