import { accepts } from "./accepts.ts";
import { disjoint } from "./disjoint.ts";
import { assertions, equal, isObject, resolve, type Schema, type SchemaObject, without } from "./schema.ts";
import { subsetOfType } from "./subset-of-type.ts";
import { typesOf } from "./types-of.ts";

interface Scope {
  /** The documents that `$ref` points into. */
  roots: { a: Schema; b: Schema };
  /** Pairs under way. */
  open: { a: Schema; b: Schema; depth: number }[];
  /** How many objects and lists deep. */
  depth: number;
}

/** Beyond this many steps nothing is claimed. */
const MAX_STEPS = 200;

/**
 * Whether every value that is valid for `a` is valid for `b`. `true` is certain; `false` also means that it cannot be
 * told (a pattern against another pattern, a conditional), because a doubt counts as a break.
 */
export function subset(a: Schema, b: Schema): boolean {
  return within(a, b, { roots: { a, b }, open: [], depth: 0 });
}

function within(a: Schema, b: Schema, scope: Scope): boolean {
  if (a === false || b === true) return true;
  if (b === false) return isObject(a) && equal(a.enum, []);
  if (Object.keys(assertions(b)).length === 0) return true;
  // A recursive schema meets itself again: it holds if nothing else speaks against it, once some value was looked into.
  const met = scope.open.find((pair) => pair.a === a && pair.b === b);
  if (met !== undefined) return met.depth < scope.depth;
  if (scope.open.length > MAX_STEPS) return false;
  const inner: Scope = { ...scope, open: [...scope.open, { a, b, depth: scope.depth }] };
  const [left, right] = [a === true ? {} : resolve(a, scope.roots.a), resolve(b, scope.roots.b)];
  if (left === undefined || right === undefined) return false;
  if (!isObject(left) || right !== b || (a !== true && left !== a)) return within(left, right, inner);
  return withinObjects(left, b, inner);
}

function withinObjects(a: SchemaObject, b: SchemaObject, scope: Scope): boolean {
  if (equal(assertions(a), assertions(b)) && !JSON.stringify([a, b]).includes('"$ref"')) return true;
  const choices = (a.anyOf ?? a.oneOf) as Schema[] | undefined;
  if (choices !== undefined) {
    const rest = without(a, a.anyOf ? "anyOf" : "oneOf");
    if (within(rest, b, scope)) return true;
    const bare = Object.keys(assertions(rest)).length === 0;
    return choices.every((choice) => within(bare ? choice : { allOf: [rest, choice] }, b, scope));
  }
  if (Array.isArray(a.allOf)) {
    const parts = [without(a, "allOf"), ...(a.allOf as Schema[])];
    // A value of `a` is valid for each part: so one of them has to answer for each demand of `b`.
    return demands(b).every((demand) => parts.some((part) => within(part, demand, scope)));
  }
  const values = "const" in a ? [a.const] : (a.enum as unknown[] | undefined);
  if (values !== undefined) return values.every((value) => accepts(b, value, scope.roots.b) === true);
  const types = typesOf(a);
  if (types.length > 1) return types.every((type) => within({ ...a, type }, b, scope));
  return demands(b).every((demand) => meets({ ...a, type: types[0] }, demand, scope));
}

/** A schema as a list of schemas that must all hold, each with one thing to say. */
function demands(schema: SchemaObject): SchemaObject[] {
  const rest = assertions(without(schema, "allOf", "anyOf", "oneOf", "not"));
  const parts: SchemaObject[] = Object.keys(rest).length === 0 ? [] : [rest];
  for (const keyword of ["anyOf", "oneOf", "not"]) if (keyword in schema) parts.push({ [keyword]: schema[keyword] });
  for (const part of (schema.allOf as Schema[] | undefined) ?? []) {
    if (part === false) parts.push({ not: {} });
    else if (part !== true) parts.push(...("$ref" in part ? [part] : demands(part)));
  }
  return parts;
}

/** Whether `a`, which has one type and no alternatives, meets one demand. */
function meets(a: SchemaObject, demand: SchemaObject, scope: Scope): boolean {
  if ("$ref" in demand) return within(a, demand, scope);
  if ("not" in demand) return disjoint(a, demand.not as Schema, scope.roots);
  if (Array.isArray(demand.anyOf)) return demand.anyOf.some((choice) => within(a, choice, scope));
  if (Array.isArray(demand.oneOf)) {
    const choices = demand.oneOf as Schema[];
    const apart = (place: number): boolean =>
      choices.every((other, index) => index === place || disjoint(a, other, scope.roots));
    return choices.some((choice, index) => within(a, choice, scope) && apart(index));
  }
  if ("const" in demand || "enum" in demand) return false;
  return subsetOfType(a, demand, (one, other) => within(one, other, { ...scope, depth: scope.depth + 1 }));
}
