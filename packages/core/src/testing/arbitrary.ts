import type { Arbitrary } from "fast-check";
import type { Json } from "./requirements/schemas.ts";

type FastCheck = typeof import("fast-check");

/** A schema of which no value can be made here; the message names the keyword. */
export class Unsupported extends Error {}

/** How often a `$ref` is followed on one path. */
const MAX_DEPTH = 3;
const SAFE = Number.MAX_SAFE_INTEGER;

/**
 * Values that a JSON Schema (2020-12, as zod writes it) accepts, with fast-check's shrinking.
 *
 * Refinements that zod cannot write into the schema are unknown here, so the server may still refuse a value.
 * @throws Unsupported for `not`, a pattern that cannot be generated, and recursion that never ends
 */
export function arbitraryOf(fc: FastCheck, root: Json): Arbitrary<unknown> {
  const build = (schema: unknown, depth: number): Arbitrary<unknown> => {
    if (schema === true || schema === undefined) return fc.jsonValue({ maxDepth: 1 });
    if (typeof schema !== "object" || schema === null) throw new Unsupported("false");
    const { allOf, $ref, anyOf, oneOf, ...own } = schema as Json & { allOf?: Json[]; anyOf?: Json[]; oneOf?: Json[] };
    if ("not" in own) throw new Unsupported("not");
    if (typeof $ref === "string") {
      if (depth >= MAX_DEPTH) throw new Unsupported("recursion without an end");
      return build(merge([own, resolve(root, $ref)]), depth + 1);
    }
    if (allOf !== undefined) return build(merge([own, ...(anyOf && [{ anyOf }] || []), ...(oneOf && [{ oneOf }] || []), ...allOf]), depth);
    const branches = anyOf ?? oneOf;
    if (branches !== undefined) return oneOfThose(branches.map((branch) => () => build(merge([own, branch]), depth)));
    if ("const" in own) return fc.constant(own.const);
    if (Array.isArray(own.enum)) return fc.constantFrom(...own.enum);
    if (Array.isArray(own.type)) return oneOfThose(own.type.map((type) => () => build({ ...own, type }, depth)));
    return ofType(own.type ?? impliedType(own), own, depth);
  };

  /** Any of the choices that can be made; recursion ends because those that cannot are left out. */
  const oneOfThose = (choices: (() => Arbitrary<unknown>)[]): Arbitrary<unknown> => {
    const made = choices.flatMap((choice) => optional(choice) ?? []);
    if (made.length === 0) throw new Unsupported("no branch of a union");
    return fc.oneof(...made);
  };

  const optional = (choice: () => Arbitrary<unknown>): Arbitrary<unknown> | undefined => {
    try {
      return choice();
    } catch (error) {
      if (error instanceof Unsupported) return undefined;
      throw error;
    }
  };

  const ofType = (type: unknown, schema: Json, depth: number): Arbitrary<unknown> => {
    if (type === "string") return strings(fc, schema);
    if (type === "integer" || type === "number") return numbers(fc, schema, type === "integer");
    if (type === "boolean") return fc.boolean();
    if (type === "null") return fc.constant(null);
    if (type === "array") return arrays(schema, depth);
    if (type === "object") return objects(schema, depth);
    return fc.jsonValue({ maxDepth: 1 });
  };

  const arrays = ({ prefixItems = [], items, minItems, maxItems, uniqueItems }: Json, depth: number): Arbitrary<unknown> => {
    const first = (prefixItems as unknown[]).map((item) => build(item, depth));
    const least = Math.max(0, ((minItems as number | undefined) ?? 0) - first.length);
    const most = Math.max(least, Math.min(((maxItems as number | undefined) ?? SAFE) - first.length, least + 5));
    const rest = items === false ? undefined : optional(() => build(items, depth));
    if (rest === undefined && least > 0) throw new Unsupported("items");
    const bounds = { minLength: least, maxLength: rest === undefined ? 0 : most };
    const tail = uniqueItems === true ? fc.uniqueArray(rest ?? fc.constant(null), { ...bounds, selector: (item) => JSON.stringify(item) }) : fc.array(rest ?? fc.constant(null), bounds);
    return fc.tuple(fc.tuple(...first), tail).map(([head, end]) => [...head, ...end]);
  };

  const objects = (schema: Json, depth: number): Arbitrary<unknown> => {
    const { properties = {}, required = [], additionalProperties, propertyNames } = schema as {
      properties?: Json;
      required?: string[];
      additionalProperties?: unknown;
      propertyNames?: Json;
    };
    const model: Record<string, Arbitrary<unknown>> = {};
    for (const name of new Set([...Object.keys(properties), ...required])) {
      const make = () => build(Object.hasOwn(properties, name) ? properties[name] : additionalProperties, depth);
      const value = required.includes(name) ? make() : optional(make);
      if (value !== undefined) model[name] = value;
    }
    const known = fc.record(model, { requiredKeys: required });
    // An open object is left alone: zod drops what it does not know. A dictionary has its keys and values described.
    if (typeof additionalProperties !== "object" || (additionalProperties === null || Object.keys(additionalProperties).length === 0)) return known;
    const keys = propertyNames === undefined ? fc.string({ minLength: 1, maxLength: 8 }) : (build({ type: "string", ...propertyNames }, depth) as Arbitrary<string>);
    const usable = keys.filter((key) => key !== "__proto__" && !Object.hasOwn(model, key));
    const closed = Array.isArray(propertyNames?.enum) && propertyNames.enum.every((key) => Object.hasOwn(model, String(key)));
    if (closed) return known;
    const more = fc.dictionary(usable, build(additionalProperties, depth), { maxKeys: 4, minKeys: Math.max(0, ((schema.minProperties as number | undefined) ?? 0) - required.length) });
    return fc.tuple(more, known).map(([extra, named]) => ({ ...extra, ...named }));
  };

  return build(root, 0);
}

function impliedType(schema: Json): string | undefined {
  if ("properties" in schema || "additionalProperties" in schema || "propertyNames" in schema) return "object";
  if ("items" in schema || "prefixItems" in schema) return "array";
  if ("pattern" in schema || "minLength" in schema || "maxLength" in schema || "format" in schema) return "string";
  return "minimum" in schema || "maximum" in schema ? "number" : undefined;
}

/** One schema that asks what all of them ask, as far as zod's output needs it. */
function merge(schemas: readonly Json[]): Json {
  const merged: Json = {};
  const patterns: unknown[] = [];
  for (const schema of schemas) {
    for (const [keyword, value] of Object.entries(schema)) {
      const before = merged[keyword];
      if (keyword === "pattern") patterns.push(value);
      else if (keyword === "patterns") patterns.push(...(value as unknown[]));
      else if (keyword === "properties") merged.properties = { ...(before as Json), ...(value as Json) };
      else if (keyword === "required") merged.required = [...new Set([...((before as string[] | undefined) ?? []), ...(value as string[])])];
      else if (keyword === "allOf") merged.allOf = [...((before as Json[] | undefined) ?? []), ...(value as Json[])];
      else if ((keyword === "anyOf" || keyword === "oneOf") && (merged.anyOf ?? merged.oneOf) !== undefined) {
        merged.allOf = [...((merged.allOf as Json[] | undefined) ?? []), { [keyword]: value }];
      } else if (/^(minimum|exclusiveMinimum|minLength|minItems)$/.test(keyword)) merged[keyword] = Math.max((before as number | undefined) ?? -Infinity, value as number);
      else if (/^(maximum|exclusiveMaximum|maxLength|maxItems)$/.test(keyword)) merged[keyword] = Math.min((before as number | undefined) ?? Infinity, value as number);
      else merged[keyword] = value;
    }
  }
  return patterns.length === 0 ? merged : { ...merged, patterns };
}

function resolve(root: Json, ref: string): Json {
  let node: unknown = root;
  for (const part of ref.slice(1).split("/").slice(1)) {
    node = (node as Json | undefined)?.[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  if (typeof node !== "object" || node === null) throw new Unsupported(`$ref ${ref}`);
  return node as Json;
}

function numbers(fc: FastCheck, schema: Json, whole: boolean): Arbitrary<unknown> {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema as Record<string, number | undefined>;
  const low = Math.max(minimum ?? -SAFE, exclusiveMinimum ?? -SAFE);
  const high = Math.min(maximum ?? SAFE, exclusiveMaximum ?? SAFE);
  const allowed = (value: number) => value > (exclusiveMinimum ?? -Infinity) && value < (exclusiveMaximum ?? Infinity);
  const step = multipleOf ?? (whole ? 1 : undefined);
  if (step === undefined) {
    return fc.double({ min: low, max: high, minExcluded: low === exclusiveMinimum, maxExcluded: high === exclusiveMaximum, noNaN: true });
  }
  const min = Math.max(Math.ceil(low / step), -SAFE);
  const max = Math.min(Math.floor(high / step), SAFE);
  if (min > max) throw new Unsupported("multipleOf");
  return fc.integer({ min, max }).map((count) => count * step).filter(allowed);
}

/** Formats whose pattern is missing, or beyond what fast-check can generate from. */
const formats: Record<string, (fc: FastCheck) => Arbitrary<string>> = {
  "date-time": (fc) => fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }).map((date) => date.toISOString()),
  date: (fc) => fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  duration: (fc) => fc.constantFrom("P1D", "PT5M", "P2W", "P1Y2M3DT4H5M6S"),
  uri: (fc) => fc.webUrl(),
  email: (fc) => fc.emailAddress(),
  uuid: (fc) => fc.uuid(),
  ipv4: (fc) => fc.ipV4(),
  ipv6: (fc) => fc.ipV6(),
  hostname: (fc) => fc.domain(),
  emoji: (fc) => fc.constantFrom("🙂", "🚀", "📚"),
};

function strings(fc: FastCheck, schema: Json): Arbitrary<unknown> {
  const { minLength = 0, maxLength, format, pattern, patterns = pattern === undefined ? [] : [pattern] } = schema as {
    minLength?: number;
    maxLength?: number;
    format?: string;
    pattern?: string;
    patterns?: string[];
  };
  const checks = patterns.map(expression);
  const bounds = { minLength, ...(maxLength === undefined ? {} : { maxLength }) };
  const ofFormat = format === undefined ? undefined : formats[format]?.(fc);
  let made: Arbitrary<string>;
  const [longest] = checks.toSorted((a, b) => b.source.length - a.source.length);
  if (longest === undefined) made = ofFormat ?? fc.oneof({ weight: 3, arbitrary: fc.string(bounds) }, fc.string({ ...bounds, unit: "grapheme" }));
  else {
    try {
      made = fc.stringMatching(longest, maxLength === undefined ? {} : { maxLength });
    } catch (cause) {
      if (ofFormat === undefined) throw new Unsupported(`the pattern ${longest.source}`, { cause });
      made = ofFormat;
    }
  }
  const fits = (text: string) => text.length >= minLength && text.length <= (maxLength ?? SAFE) && checks.every((check) => check.test(text));
  // A filter that hardly anything passes would search without an end.
  const passing = fc.sample(made, { numRuns: 100, seed: 1 }).filter(fits).length;
  if (passing < 10) throw new Unsupported(`a string of ${JSON.stringify({ minLength, maxLength, format, patterns })}`);
  return made.filter(fits);
}

function expression(pattern: string): RegExp {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return new RegExp(pattern);
  }
}
