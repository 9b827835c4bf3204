import type { Arbitrary } from "fast-check";
import type { Json } from "../requirements/schemas.ts";
import { type FastCheck, numbers, strings, Unsupported } from "./scalars.ts";

/** How often a `$ref` is followed on one path. */
const MAX_DEPTH = 3;

/** A schema taken apart: what it asks itself, and its alternatives. `patterns` gathers those of every part. */
interface Node {
  own: Json;
  patterns: string[];
  unions: Json[][];
}

/**
 * Values that a JSON Schema accepts: 2020-12, as far as zod writes it.
 *
 * Refinements that have no form in JSON Schema are unknown here, so the server may still refuse a value.
 * @throws Unsupported for a schema of which no value can be made: `not`, a pattern with look-ahead, endless recursion
 */
export function arbitraryOf(fc: FastCheck, root: Json): Arbitrary<unknown> {
  const build = (schema: unknown, depth: number): Arbitrary<unknown> => {
    if (schema === true || schema === undefined) return fc.jsonValue({ maxDepth: 1 });
    const node: Node = { own: {}, patterns: [], unions: [] };
    return fromNode(node, gather(node, schema, root, depth));
  };

  const fromNode = (node: Node, depth: number): Arbitrary<unknown> => {
    const { own, patterns, unions } = node;
    const [branches, ...others] = unions;
    if (branches !== undefined) {
      return anyOf(
        branches.map((branch) => () => {
          const narrowed = { own: { ...own }, patterns: [...patterns], unions: others };
          return fromNode(narrowed, gather(narrowed, branch, root, depth));
        }),
      );
    }
    if ("const" in own) return fc.constant(own.const);
    if (Array.isArray(own.enum)) return fc.constantFrom(...own.enum);
    if (Array.isArray(own.type)) return anyOf(own.type.map((type) => () => ofType(type, node, depth)));
    return ofType(own.type ?? impliedType(own), node, depth);
  };

  const ofType = (type: unknown, { own, patterns }: Node, depth: number): Arbitrary<unknown> => {
    if (type === "string") return strings(fc, own, patterns);
    if (type === "integer" || type === "number") return numbers(fc, own, type === "integer");
    if (type === "boolean") return fc.boolean();
    if (type === "null") return fc.constant(null);
    if (type === "array") return arrays(own, depth);
    if (type === "object") return objects(own, depth);
    return patterns.length > 0 ? strings(fc, own, patterns) : fc.jsonValue({ maxDepth: 1 });
  };

  /** What can be made of the choices; recursion ends because those that cannot are left out. */
  const anyOf = (choices: (() => Arbitrary<unknown>)[]): Arbitrary<unknown> => {
    const made = choices.flatMap((choice) => attempt(choice) ?? []);
    if (made.length === 0) throw new Unsupported("a union of which no branch can be made");
    return fc.oneof(...made);
  };

  const arrays = (
    { prefixItems = [], items, minItems = 0, maxItems, uniqueItems }: Json,
    depth: number,
  ): Arbitrary<unknown> => {
    const first = (prefixItems as unknown[]).map((item) => build(item, depth));
    const minLength = Math.max(0, (minItems as number) - first.length);
    const rest = items === false ? undefined : attempt(() => build(items, depth));
    if (rest === undefined && minLength > 0) throw new Unsupported("items");
    const maxLength =
      rest === undefined
        ? 0
        : Math.min(Math.max(0, ((maxItems as number | undefined) ?? Infinity) - first.length), minLength + 5);
    const item = rest ?? fc.constant(null);
    const tail =
      uniqueItems === true
        ? fc.uniqueArray(item, { minLength, maxLength, selector: (one) => JSON.stringify(one) })
        : fc.array(item, { minLength, maxLength });
    return fc.tuple(fc.tuple(...first), tail).map(([head, end]) => [...head, ...end]);
  };

  const objects = (
    { properties = {}, required = [], additionalProperties, propertyNames, minProperties = 0 }: Json,
    depth: number,
  ): Arbitrary<unknown> => {
    const schemas = properties as Json;
    const requiredKeys = required as string[];
    const model: Record<string, Arbitrary<unknown>> = {};
    for (const name of new Set([...Object.keys(schemas), ...requiredKeys])) {
      const make = () => build(Object.hasOwn(schemas, name) ? schemas[name] : additionalProperties, depth);
      const value = requiredKeys.includes(name) ? make() : attempt(make);
      if (value !== undefined) model[name] = value;
    }
    const known = fc.record(model, { requiredKeys });
    // Only a dictionary describes its further values; elsewhere zod drops or refuses what it does not know.
    const described = typeof additionalProperties === "object" && Object.keys(additionalProperties as Json).length > 0;
    const names = (propertyNames ?? { type: "string", minLength: 1, maxLength: 8 }) as Json;
    const complete = Array.isArray(names.enum) && names.enum.every((name) => Object.hasOwn(model, name as string));
    if (!described || complete) return known;
    const keys = (build(names, depth) as Arbitrary<string>).filter(
      (key) => key !== "__proto__" && !Object.hasOwn(model, key),
    );
    const minKeys = Math.max(0, (minProperties as number) - requiredKeys.length);
    return fc
      .tuple(fc.dictionary(keys, build(additionalProperties, depth), { minKeys, maxKeys: minKeys + 3 }), known)
      .map(([more, named]) => ({ ...more, ...named }));
  };

  return build(root, 0);
}

/** What the function makes, or `undefined` where that is {@link Unsupported}. */
function attempt<Value>(make: () => Value): Value | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
}

/** Adds a schema, with what it refers to and all of its `allOf`, to a node. @returns the depth after its references */
function gather(node: Node, schema: unknown, root: Json, depth: number): number {
  if (typeof schema !== "object" || schema === null || "not" in schema) throw new Unsupported("not");
  let deepest = depth;
  for (const [keyword, value] of Object.entries(schema)) {
    const { own } = node;
    const before = own[keyword];
    if (keyword === "$ref") {
      if (depth >= MAX_DEPTH) throw new Unsupported("recursion without an end");
      deepest = Math.max(deepest, gather(node, resolve(root, value as string), root, depth + 1));
    } else if (keyword === "allOf") {
      for (const part of value as unknown[]) deepest = Math.max(deepest, gather(node, part, root, depth));
    } else if (keyword === "anyOf" || keyword === "oneOf") node.unions.push(value as Json[]);
    else if (keyword === "pattern") node.patterns.push(value as string);
    else if (keyword === "properties") own.properties = { ...(before as Json), ...(value as Json) };
    else if (keyword === "required")
      own.required = [...new Set([...((before as string[] | undefined) ?? []), ...(value as string[])])];
    else if (/^(exclusiveMin|min)/.test(keyword))
      own[keyword] = Math.max((before as number | undefined) ?? -Infinity, value as number);
    else if (/^(exclusiveMax|max)/.test(keyword))
      own[keyword] = Math.min((before as number | undefined) ?? Infinity, value as number);
    else own[keyword] = value;
  }
  return deepest;
}

function impliedType(schema: Json): string | undefined {
  if ("properties" in schema || "additionalProperties" in schema || "propertyNames" in schema) return "object";
  if ("items" in schema || "prefixItems" in schema) return "array";
  if ("minLength" in schema || "maxLength" in schema || "format" in schema) return "string";
  return "minimum" in schema || "maximum" in schema ? "number" : undefined;
}

function resolve(root: Json, ref: string): Json {
  let node: unknown = root;
  for (const part of ref.slice(1).split("/").slice(1)) {
    node = (node as Json | undefined)?.[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  if (typeof node !== "object" || node === null) throw new Unsupported(`the reference ${ref}`);
  return node as Json;
}
