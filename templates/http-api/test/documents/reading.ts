/**
 * Reads requests by a description, the way a server would: what a style, an encoding or a media type wrote is made
 * values again. Knows nothing of the code that writes them.
 */
import { Busboy } from "@fastify/busboy";
import qs from "qs";

export type Json = Record<string, unknown>;

/** Follows references, as far as it takes to see what something is. */
export function resolve(document: Json, node: unknown): Json {
  let at = node as Json | undefined;
  for (let hops = 0; hops < 20 && typeof at?.$ref === "string"; hops += 1) {
    const steps = at.$ref.slice(2).split("/");
    at = steps.reduce<unknown>(
      (value, step) => (value as Json)?.[decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~")],
      document,
    ) as Json | undefined;
  }
  return at ?? {};
}

/** The types that a schema allows, through references and combinations. */
function typesOf(document: Json, node: unknown, depth = 0): Set<string> {
  const schema = resolve(document, node);
  const own = [schema.type ?? []].flat() as string[];
  if (own.length > 0 || depth > 6) return new Set(own);
  const parts = ["allOf", "anyOf", "oneOf"].flatMap((key) => (schema[key] as unknown[] | undefined) ?? []);
  const found = new Set(parts.flatMap((part) => [...typesOf(document, part, depth + 1)]));
  if (schema.properties !== undefined) found.add("object");
  return found;
}

function propertyOf(document: Json, node: unknown, name: string, depth = 0): unknown {
  const schema = resolve(document, node);
  const own = (schema.properties as Json | undefined)?.[name];
  if (own !== undefined || depth > 6) return own;
  for (const part of ["allOf", "anyOf", "oneOf"].flatMap((key) => (schema[key] as unknown[] | undefined) ?? [])) {
    const found = propertyOf(document, part, name, depth + 1);
    if (found !== undefined) return found;
  }
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

function itemsOf(document: Json, node: unknown): unknown {
  const schema = resolve(document, node);
  if (schema.items !== undefined) return schema.items;
  const parts = ["allOf", "anyOf", "oneOf"].flatMap((key) => (schema[key] as unknown[] | undefined) ?? []);
  return parts.map((part) => resolve(document, part).items).find((items) => items !== undefined);
}

/** Texts as the types that the schema has in their place: on the wire all is text. */
export function typed(document: Json, schema: unknown, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => typed(document, itemsOf(document, schema), item));
  if (typeof value === "object" && value !== null && !Buffer.isBuffer(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, typed(document, propertyOf(document, schema, name), item)]),
    );
  if (typeof value !== "string") return value;
  const types = typesOf(document, schema);
  if (types.has("string") || types.size === 0) return value;
  if ((types.has("integer") || types.has("number")) && value !== "" && !Number.isNaN(Number(value)))
    return Number(value);
  if (types.has("boolean") && (value === "true" || value === "false")) return value === "true";
  return value;
}

interface Styled {
  name: string;
  style: string;
  explode: boolean;
  schema: unknown;
}

/** The value that a query or form has for a name in some style, and the names it took. */
export function fromPairs(
  document: Json,
  pairs: URLSearchParams,
  { name, style, explode, schema }: Styled,
): { value: unknown; took: string[] } {
  const types = typesOf(document, schema);
  if (style === "deepObject") {
    const took = [...new Set(pairs.keys())].filter((key) => key.startsWith(`${name}[`));
    if (took.length === 0) return { value: undefined, took };
    const text = took
      .flatMap((key) => pairs.getAll(key).map((value) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`))
      .join("&");
    return { value: typed(document, schema, qs.parse(text, { depth: 20, arrayLimit: 100 })[name]), took };
  }
  if (style === "form" && explode && types.has("object") && !types.has("string")) {
    const names = [...new Set(pairs.keys())].filter((key) => propertyOf(document, schema, key) !== undefined);
    const value = Object.fromEntries(names.map((key) => [key, pairs.get(key)]));
    return { value: names.length === 0 ? undefined : typed(document, schema, value), took: names };
  }
  const all = pairs.getAll(name);
  if (all.length === 0) return { value: undefined, took: [] };
  const separator = style === "spaceDelimited" ? " " : style === "pipeDelimited" ? "|" : ",";
  const list = types.has("array") && (!types.has("string") || all.length > 1);
  const value = list ? (explode ? all : (all[0] ?? "").split(separator)) : all.length > 1 ? all : all[0];
  return { value: typed(document, schema, value), took: [name] };
}

/** A multipart body's parts by name: texts, files as texts, JSON as what it says. */
export function multipartFields(headers: Json, body: Buffer): Promise<Record<string, unknown[]>> {
  return new Promise((done, failed) => {
    const found: Record<string, unknown[]> = {};
    const add = (name: string, value: unknown) => {
      found[name] = [...(found[name] ?? []), value];
    };
    const busboy = new Busboy({ headers: headers as never });
    busboy.on("field", (name, value, _name, _value, _encoding, type) =>
      add(name, /json/.test(type) ? JSON.parse(value) : value),
    );
    busboy.on("file", (name, stream) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => add(name, Buffer.concat(parts).toString("latin1")));
    });
    busboy.on("finish", () => done(found));
    busboy.on("error", failed);
    busboy.end(body);
  });
}
