import { findHostile } from "../normalize.ts";

type Json = Record<string, unknown>;
type Schema = Json | boolean;

/** Looks at values and schemas that one input may cost. Beyond it, what the client sent is refused as it is. */
const MAX_STEPS = 20_000;

/** JSON's own scalars, and nothing around them: `" 2"`, `0x2` and `True` are text. */
const SCALAR = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;

/** An input as its schema takes it, and how many values were made to fit. */
export interface Coerced {
  value: unknown;
  changes: number;
}

/**
 * Mends what clients do to a model's input on its way: `null` for what may be left out, and JSON as text where the
 * schema takes no text (`"[\"x\"]"`, `"2"`, `"false"`). For an input that was refused; a part that the schema takes is
 * left as it is. Looks at types and constants only: the schema has the last word.
 *
 * @param root the JSON Schema of the input
 */
export function coerce(root: Schema, input: unknown): Coerced | undefined {
  let steps = 0;
  let changes = 0;

  const step = (): void => {
    steps += 1;
    if (steps > MAX_STEPS) throw new TooMuch();
  };

  /** The schema behind local references. */
  function resolve(schema: Schema | undefined): Json {
    let found: unknown = schema;
    while (isObject(found) && typeof found.$ref === "string") {
      step();
      const { $ref, ...beside } = found;
      const target = schemaAt(root, $ref as string);
      found = Object.keys(beside).length === 0 ? target : { ...beside, allOf: [...listOf(beside.allOf), target] };
    }
    return isObject(found) ? found : found === false ? { not: {} } : {};
  }

  function takesType(given: Schema | undefined, type: string): boolean {
    step();
    const schema = resolve(given);
    const types = schema.type === undefined ? undefined : listOf(schema.type);
    if (types !== undefined && !types.includes(type) && !(type === "integer" && types.includes("number"))) return false;
    if ("const" in schema && typeOf(schema.const) !== type) return false;
    if (Array.isArray(schema.enum) && !schema.enum.some((item) => typeOf(item) === type)) return false;
    if ("not" in schema && isObject(schema.not) && Object.keys(schema.not).length === 0) return false;
    const branches = branchesOf(schema);
    if (branches.length > 0 && !branches.some((branch) => takesType(branch, type))) return false;
    return listOf(schema.allOf).every((part) => takesType(part as Schema, type));
  }

  /** Whether a value is of the schema's shape: types, constants, what is required and what is not allowed. */
  function fits(given: Schema | undefined, value: unknown): boolean {
    step();
    const schema = resolve(given);
    const type = typeOf(value);
    if (!takesType(schema, type) && !(type === "integer" && takesType(schema, "number"))) return false;
    if ("const" in schema && !same(schema.const, value)) return false;
    if (Array.isArray(schema.enum) && !schema.enum.some((item) => same(item, value))) return false;
    if (Array.isArray(value)) {
      const items = value.every((item, index) => fits(itemSchema(schema, index), item));
      if (!items) return false;
    } else if (isObject(value)) {
      const properties = isObject(schema.properties) ? schema.properties : {};
      if (listOf(schema.required).some((name) => !Object.hasOwn(value, name as string))) return false;
      for (const [name, item] of Object.entries(value)) {
        if (!fits(memberSchema(schema, properties, name), item)) return false;
      }
    }
    const branches = branchesOf(schema);
    if (branches.length > 0 && !branches.some((branch) => fits(branch, value))) return false;
    return listOf(schema.allOf).every((part) => fits(part as Schema, value));
  }

  function mend(given: Schema | undefined, value: unknown): unknown {
    step();
    const schema = resolve(given);
    if (typeof value === "string") {
      const parsed = takesType(schema, "string") ? undefined : parse(value, (type) => takesType(schema, type));
      if (parsed === undefined) return value;
      changes += 1;
      return typeof parsed.value === "object" ? mend(schema, parsed.value) : parsed.value;
    }
    let mended = value;
    if (Array.isArray(value)) mended = each(value, (item, index) => mend(itemSchema(schema, Number(index)), item));
    else if (isObject(value)) mended = mendObject(schema, isObject(schema.properties) ? schema.properties : {}, value);
    for (const part of listOf(schema.allOf)) mended = mend(part as Schema, mended);
    return mendByBranch(branchesOf(schema), mended);
  }

  function mendObject(schema: Json, properties: Json, value: Json): unknown {
    const required = listOf(schema.required);
    const kept = each(value, (item, name) => mend(memberSchema(schema, properties, name), item)) as Json;
    const empty = Object.keys(kept).filter(
      (name) =>
        kept[name] === null &&
        Object.hasOwn(properties, name) &&
        !required.includes(name) &&
        !takesType(properties[name] as Schema, "null"),
    );
    if (empty.length === 0) return kept;
    changes += empty.length;
    return Object.fromEntries(Object.entries(kept).filter(([name]) => !empty.includes(name)));
  }

  /** The first branch that takes the value as it is, or else the first that takes it mended. */
  function mendByBranch(branches: Schema[], value: unknown): unknown {
    if (branches.length === 0 || branches.some((branch) => fits(branch, value))) return value;
    for (const branch of branches) {
      const before = changes;
      const mended = mend(branch, value);
      if (fits(branch, mended)) return mended;
      changes = before;
    }
    return value;
  }

  try {
    const value = mend(root, input);
    return changes === 0 ? undefined : { value, changes };
  } catch (error) {
    if (error instanceof TooMuch) return undefined;
    throw error;
  }
}

class TooMuch extends Error {}

/** Text as the JSON it is, where that is of a wanted type and safe to hand on. */
function parse(text: string, wanted: (type: string) => boolean): { value: unknown } | undefined {
  const first = text.trimStart()[0];
  if (!(first === "[" ? wanted("array") : first === "{" ? wanted("object") : SCALAR.test(text))) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const type = typeOf(value);
  if (!wanted(type) && !(type === "integer" && wanted("number"))) return undefined;
  // Digits that a number does not hold would become another number, such as another thing's id.
  if (typeof value === "number" && (/^-?\d+$/.test(text) ? !Number.isSafeInteger(value) : !Number.isFinite(value)))
    return undefined;
  // The message was looked at when it was text, and what the text holds was not.
  return findHostile({ value }) === undefined ? { value } : undefined;
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
const branchesOf = ({ anyOf, oneOf }: Json): Schema[] => [...listOf(anyOf), ...listOf(oneOf)] as Schema[];
const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

function memberSchema({ additionalProperties }: Json, properties: Json, name: string): Schema | undefined {
  return (Object.hasOwn(properties, name) ? properties[name] : additionalProperties) as Schema | undefined;
}

function itemSchema({ items, prefixItems }: Json, index: number): Schema | undefined {
  const at = listOf(prefixItems)[index] as Schema | undefined;
  return at ?? (items as Schema | undefined);
}

/** The JSON type of a value, `integer` for a whole number. */
function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** A copy with its members changed; the same one where none is. */
function each(value: unknown[] | Json, change: (item: unknown, name: string) => unknown): unknown {
  let copy: Json | unknown[] | undefined;
  for (const name of Object.keys(value)) {
    const item = (value as Json)[name];
    const changed = change(item, name);
    if (changed === item) continue;
    copy ??= Array.isArray(value) ? [...value] : { ...value };
    (copy as Json)[name] = changed;
  }
  return copy ?? value;
}

function schemaAt(root: Schema, pointer: string): Schema {
  let found: unknown = root;
  for (const part of pointer.split("/").slice(1)) {
    const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    found = (isObject(found) || Array.isArray(found)) && Object.hasOwn(found, name) ? (found as Json)[name] : undefined;
  }
  return (found ?? {}) as Schema;
}
