import type { JsonSchema } from "../operation.ts";
import { plainPattern } from "./plain-pattern.ts";

/** Says yes to a value that fits for certain, at a cost that grows with nothing but its size. `false` says nothing. */
export type Accepts = (value: unknown) => boolean;

/** Makes what says yes to the values of a schema inside another; it may never do so. */
export type Part = (schema: unknown) => Accepts;

type Build = (schema: JsonSchema, part: Part, spend: (steps: number) => boolean) => Accepts | undefined;

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

/** A bound of a schema, where it has one. `undefined` where it is none that counts. */
function bounds(schema: JsonSchema, names: readonly string[]): (number | undefined)[] | undefined {
  const found = names.map((name) => schema[name]);
  return found.every((bound) => bound === undefined || isNumber(bound)) ? (found as (number | undefined)[]) : undefined;
}

const text: Build = (schema) => {
  const found = bounds(schema, ["minLength", "maxLength"]);
  const pattern = schema.pattern === undefined ? /^/ : plainPattern(schema.pattern);
  if (found === undefined || pattern === undefined) return undefined;
  const [least = 0, most = Number.POSITIVE_INFINITY] = found;
  // A character is one or two units: what fits by either count fits.
  const shortest = least > 1 ? 2 * least : least;
  const fits = (value: unknown): value is string =>
    typeof value === "string" && value.length <= most && value.length >= shortest;
  return schema.pattern === undefined ? fits : (value) => fits(value) && pattern.test(value);
};

function number(schema: JsonSchema, isWhole: boolean): Accepts | undefined {
  const found = bounds(schema, ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]);
  if (found === undefined) return undefined;
  const [
    least = Number.NEGATIVE_INFINITY,
    most = Number.POSITIVE_INFINITY,
    above = Number.NEGATIVE_INFINITY,
    below = Number.POSITIVE_INFINITY,
  ] = found;
  return (value) =>
    isNumber(value) &&
    (!isWhole || Number.isInteger(value)) &&
    value >= least &&
    value <= most &&
    value > above &&
    value < below;
}

const list: Build = (schema, part, spend) => {
  const found = bounds(schema, ["minItems", "maxItems"]);
  if (found === undefined) return undefined;
  const item = part(schema.items ?? {});
  const [least = 0, most = Number.POSITIVE_INFINITY] = found;
  return (value) =>
    Array.isArray(value) &&
    value.length >= least &&
    value.length <= most &&
    spend(value.length) &&
    value.every((one) => item(one));
};

const object: Build = ({ properties = {}, required = [], additionalProperties = {} }, part, spend) => {
  if (typeof properties !== "object" || properties === null || !Array.isArray(required)) return undefined;
  const known = new Map(Object.entries(properties).map(([name, schema]) => [name, part(schema)]));
  const others = part(additionalProperties);
  return (value: unknown): boolean => {
    // Not a number that stands for more digits than JavaScript has: it is an object without a prototype.
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
    for (const name of required) if (!Object.hasOwn(value, name)) return false;
    const names = Object.keys(value);
    if (!spend(names.length)) return false;
    for (const name of names) {
      const member = (value as Record<string, unknown>)[name];
      if (member === undefined || !(known.get(name) ?? others)(member)) return false;
    }
    return true;
  };
};

const TYPES: Readonly<Record<string, Build>> = {
  string: text,
  number: (schema) => number(schema, false),
  integer: (schema) => number(schema, true),
  boolean: () => (value) => typeof value === "boolean",
  null: () => (value) => value === null,
  array: list,
  object,
};

/** The keywords that speak of one type of values each. */
export const TYPED: ReadonlySet<string> = new Set([
  ...["type", "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  ...["items", "minItems", "maxItems", "properties", "required", "additionalProperties"],
]);

/** What says yes by these keywords alone. Without a `type`, they are for whatever value is of theirs. */
export function ofTypes(schema: JsonSchema, ...how: [Part, (steps: number) => boolean]): Accepts | undefined {
  const types = schema.type === undefined ? Object.keys(TYPES) : [schema.type].flat();
  const builds = types.map((type) => (Object.hasOwn(TYPES, String(type)) ? TYPES[String(type)] : undefined));
  const all = builds.map((build) => build?.(schema, ...how));
  if (all.some((accepts) => accepts === undefined)) return undefined;
  const [first, ...more] = all as Accepts[];
  return first === undefined || more.length > 0 ? (value) => (all as Accepts[]).some((one) => one(value)) : first;
}
