import type { JsonSchema } from "../operation.ts";

/** Says yes to a value that fits for certain, at a cost that grows with nothing but its size. `false` says nothing. */
export type Accepts = (value: unknown) => boolean;

type Build = (schema: JsonSchema) => Accepts | undefined;

/** Keywords that say nothing of a value; `format` does not in the validator, either. */
const SILENT = new Set(["title", "description", "default", "examples", "example", "deprecated", "format", "$comment"]);

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

/** A bound of a schema, where it has one. `undefined` where it is none that counts. */
function bounds(schema: JsonSchema, names: readonly string[]): (number | undefined)[] | undefined {
  const found = names.map((name) => schema[name]);
  return found.every((bound) => bound === undefined || isNumber(bound)) ? (found as (number | undefined)[]) : undefined;
}

function text(schema: JsonSchema): Accepts | undefined {
  const found = bounds(schema, ["minLength", "maxLength"]);
  if (found === undefined) return undefined;
  const [least = 0, most = Number.POSITIVE_INFINITY] = found;
  // A character is one or two units: what fits by either count fits.
  return (value) =>
    typeof value === "string" && value.length <= most && value.length >= (least > 1 ? 2 * least : least);
}

function number(schema: JsonSchema): Accepts | undefined {
  const found = bounds(schema, ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]);
  if (found === undefined) return undefined;
  const [
    least = Number.NEGATIVE_INFINITY,
    most = Number.POSITIVE_INFINITY,
    above = Number.NEGATIVE_INFINITY,
    below = Number.POSITIVE_INFINITY,
  ] = found;
  const whole = schema.type === "integer";
  return (value) =>
    isNumber(value) &&
    (!whole || Number.isInteger(value)) &&
    value >= least &&
    value <= most &&
    value > above &&
    value < below;
}

function list(schema: JsonSchema): Accepts | undefined {
  const found = bounds(schema, ["minItems", "maxItems"]);
  const item = acceptor(schema.items ?? {});
  if (found === undefined || item === undefined) return undefined;
  const [least = 0, most = Number.POSITIVE_INFINITY] = found;
  return (value) => Array.isArray(value) && value.length >= least && value.length <= most && value.every(item);
}

function object({ properties = {}, required = [], additionalProperties: others = true }: JsonSchema) {
  if (typeof properties !== "object" || properties === null || !Array.isArray(required)) return undefined;
  if (typeof others !== "boolean") return undefined;
  const known = new Map<string, Accepts>();
  for (const [name, schema] of Object.entries(properties)) {
    const accepts = acceptor(schema);
    if (accepts === undefined) return undefined;
    known.set(name, accepts);
  }
  return (value: unknown): boolean => {
    // Not a number that stands for more digits than JavaScript has: it is an object without a prototype.
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
    for (const name of required) if (!Object.hasOwn(value, name)) return false;
    for (const [name, member] of Object.entries(value)) {
      const accepts = known.get(name);
      if (accepts === undefined ? !others || member === undefined : !accepts(member)) return false;
    }
    return true;
  };
}

const TYPES: Readonly<Record<string, readonly [build: Build, keywords: readonly string[]]>> = {
  string: [text, ["minLength", "maxLength"]],
  number: [number, ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]],
  integer: [number, ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]],
  boolean: [() => (value) => typeof value === "boolean", []],
  array: [list, ["items", "minItems", "maxItems"]],
  object: [object, ["properties", "required", "additionalProperties"]],
};

/**
 * What says yes to values of a schema of a few plain keywords, as most are. `undefined` for any other: a pattern or a
 * reference may take for ever, and what is odd, the validator in its thread decides.
 */
export function acceptor(schema: unknown): Accepts | undefined {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return undefined;
  const { type, enum: choices, ...rest } = schema as JsonSchema;
  const asserts = Object.keys(rest).filter((key) => !SILENT.has(key) && !key.startsWith("x-"));
  if (type === undefined && choices === undefined && asserts.length === 0) return () => true;
  const [build, keywords] = (Object.hasOwn(TYPES, String(type)) ? TYPES[String(type)] : undefined) ?? [];
  if (build === undefined || !asserts.every((key) => keywords?.includes(key))) return undefined;
  const fits = build(schema as JsonSchema);
  if (choices === undefined || fits === undefined) return fits;
  if (!Array.isArray(choices)) return undefined;
  // By identity: a choice that is an object is the validator's.
  const all = new Set(choices);
  return (value) => typeof value !== "object" && all.has(value) && fits(value);
}
