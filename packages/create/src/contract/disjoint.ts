import { accepts } from "./accepts.ts";
import { equal, isObject, resolve, type Schema } from "./schema.ts";
import { typesOf } from "./types-of.ts";

/**
 * Whether no value can be valid for both. `false` when that cannot be told. Sees what unions are told apart by: their
 * types, their constants, and the constant that a required property holds.
 */
export function disjoint(a: Schema, b: Schema, roots: { a: Schema; b: Schema }, depth = 0): boolean {
  if (a === false || b === false) return true;
  if (a === true || b === true || depth > 8) return false;
  const [left, right] = [resolve(a, roots.a), resolve(b, roots.b)];
  if (left === undefined || right === undefined) return false;
  if (left !== a || right !== b) return disjoint(left, right, roots, depth + 1);
  const apart = (one: Schema, other: Schema): boolean => disjoint(one, other, roots, depth + 1);
  const branches = (schema: typeof a): Schema[] | undefined => (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  if (branches(a)?.every((branch) => apart(branch, b))) return true;
  if (branches(b)?.every((branch) => apart(a, branch))) return true;
  if ((a.allOf as Schema[] | undefined)?.some((part) => apart(part, b))) return true;
  if ((b.allOf as Schema[] | undefined)?.some((part) => apart(a, part))) return true;
  const [values, others] = [constants(a), constants(b)];
  if (values && others) return !values.some((value) => others.some((other) => equal(value, other)));
  if (values?.every((value) => accepts(b, value, roots.b) === false)) return true;
  if (others?.every((value) => accepts(a, value, roots.a) === false)) return true;
  const types = typesOf(b);
  if (!typesOf(a).some((type) => types.includes(type) || (isNumber(type) && types.some(isNumber)))) return true;
  return onlyObjects(a) && onlyObjects(b) && bothRequire(a, b).some(([one, other]) => apart(one, other));
}

const isNumber = (type: string): boolean => type === "number" || type === "integer";
const onlyObjects = (schema: { type?: unknown }): boolean => schema.type === "object";
const constants = (schema: { [keyword: string]: unknown }): unknown[] | undefined =>
  "const" in schema ? [schema.const] : (schema.enum as unknown[] | undefined);

function bothRequire(a: { [keyword: string]: unknown }, b: { [keyword: string]: unknown }): [Schema, Schema][] {
  const required = new Set((b.required as string[] | undefined) ?? []);
  const schemaOf = (schema: typeof a, key: string): Schema =>
    isObject(schema.properties) && Object.hasOwn(schema.properties, key) ? (schema.properties[key] as Schema) : true;
  return ((a.required as string[] | undefined) ?? [])
    .filter((key) => required.has(key))
    .map((key) => [schemaOf(a, key), schemaOf(b, key)]);
}
