import { assertions, equal, isObject, type Schema, type SchemaObject } from "./schema.ts";
import { typesOf } from "./types-of.ts";

type Within = (a: Schema, b: Schema) => boolean;

/** Keywords by the type they speak of: what speaks of another type says nothing about this one. */
const KEYWORDS: Record<string, string[]> = {
  string: ["minLength", "maxLength", "pattern", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  array: ["minItems", "maxItems", "uniqueItems", "items", "prefixItems"],
  object: [
    "properties",
    "required",
    "additionalProperties",
    "propertyNames",
    "patternProperties",
    "minProperties",
    "maxProperties",
  ],
};
const KNOWN = new Set(["type", ...Object.values(KEYWORDS).flat()]);

/** Whether every value of the one type of `a` is valid for `b`, a schema without alternatives. */
export function subsetOfType(a: SchemaObject, b: SchemaObject, within: Within): boolean {
  const type = a.type as string;
  const wanted = typesOf(b);
  const family = type === "integer" ? "number" : type;
  const whole = type === "integer" || (type === "number" && isMultiple(a.multipleOf, 1));
  if (
    !wanted.includes(type) &&
    !(family === "number" && (wanted.includes("number") || (whole && wanted.includes("integer"))))
  )
    return false;
  if (!sameUnknown(a, b)) return false;
  switch (family) {
    case "string":
      return (
        atLeast(a.minLength, b.minLength) &&
        atMost(a.maxLength, b.maxLength) &&
        same(a, b, "pattern") &&
        same(a, b, "format")
      );
    case "number":
      return numbers(type === "integer" ? { multipleOf: 1, ...a } : a, b);
    case "array":
      return lists(a, b, within);
    case "object":
      return objects(a, b, within);
    default:
      return true;
  }
}

/** What this does not understand is the same on both sides, or in doubt; so is all of a schema that looks at its others. */
function sameUnknown(a: SchemaObject, b: SchemaObject): boolean {
  const unknown = (schema: SchemaObject): SchemaObject =>
    Object.fromEntries(Object.entries(assertions(schema)).filter(([keyword]) => !KNOWN.has(keyword)));
  const demanded = unknown(b);
  if (Object.keys(demanded).length === 0) return true;
  if (Object.keys(demanded).some((keyword) => keyword.startsWith("unevaluated"))) return false;
  return equal(unknown(a), demanded) && !JSON.stringify(demanded).includes('"$ref"');
}

/** Nothing demanded, or exactly what is given. */
const same = (a: SchemaObject, b: SchemaObject, keyword: string): boolean =>
  !(keyword in b) || (equal(a[keyword], b[keyword]) && !JSON.stringify(b[keyword]).includes('"$ref"'));
const atLeast = (given: unknown, wanted: unknown): boolean => ((given as number) ?? 0) >= ((wanted as number) ?? 0);
const atMost = (given: unknown, wanted: unknown): boolean =>
  ((given as number) ?? Number.POSITIVE_INFINITY) <= ((wanted as number) ?? Number.POSITIVE_INFINITY);
/** Whole numbers only: of others, division has its own opinion. */
const isMultiple = (given: unknown, of: unknown): boolean =>
  of === undefined ||
  given === of ||
  (Number.isInteger(given) && Number.isInteger(of) && Number(given) % Number(of) === 0);

function numbers(a: SchemaObject, b: SchemaObject): boolean {
  const low = (schema: SchemaObject, keyword: string): number =>
    (schema[keyword] as number) ?? Number.NEGATIVE_INFINITY;
  const high = (schema: SchemaObject, keyword: string): number =>
    (schema[keyword] as number) ?? Number.POSITIVE_INFINITY;
  const floor = Math.max(low(a, "minimum"), low(a, "exclusiveMinimum"));
  const ceiling = Math.min(high(a, "maximum"), high(a, "exclusiveMaximum"));
  const [above, below] = [low(b, "exclusiveMinimum"), high(b, "exclusiveMaximum")];
  return (
    floor >= low(b, "minimum") &&
    ceiling <= high(b, "maximum") &&
    (above === Number.NEGATIVE_INFINITY || floor > above || low(a, "exclusiveMinimum") >= above) &&
    (below === Number.POSITIVE_INFINITY || ceiling < below || high(a, "exclusiveMaximum") <= below) &&
    isMultiple(a.multipleOf, b.multipleOf)
  );
}

function lists(a: SchemaObject, b: SchemaObject, within: Within): boolean {
  const longest = (a.maxItems as number) ?? Number.POSITIVE_INFINITY;
  const unique = b.uniqueItems !== true || a.uniqueItems === true || longest <= 1;
  if (!unique || !atLeast(a.minItems, b.minItems) || !atMost(a.maxItems, b.maxItems)) return false;
  const [first, second] = [(a.prefixItems as Schema[]) ?? [], (b.prefixItems as Schema[]) ?? []];
  const itemOf = (schema: SchemaObject, prefix: Schema[], index: number): Schema =>
    prefix[index] ?? (schema.items as Schema) ?? true;
  // One past both prefixes stands for all that follow.
  const count = Math.min(Math.max(first.length, second.length) + 1, longest);
  return Array.from({ length: count }).every((_, index) => within(itemOf(a, first, index), itemOf(b, second, index)));
}

function objects(a: SchemaObject, b: SchemaObject, within: Within): boolean {
  const required = (a.required as string[]) ?? [];
  const fewest = Math.max((a.minProperties as number) ?? 0, required.length);
  if (!((b.required as string[]) ?? []).every((key) => required.includes(key))) return false;
  if (!atLeast(fewest, b.minProperties) || !atMost(a.maxProperties, b.maxProperties)) return false;
  if ("propertyNames" in b && !within((a.propertyNames as Schema) ?? true, b.propertyNames as Schema)) return false;
  const patterns = { ...((a.patternProperties as object) ?? {}), ...((b.patternProperties as object) ?? {}) };
  if (Object.keys(patterns).length > 0 && !(same(a, b, "patternProperties") && same(b, a, "patternProperties")))
    return false;
  const rest = (schema: SchemaObject): Schema => (schema.additionalProperties as Schema) ?? true;
  const properties = (schema: SchemaObject): SchemaObject => (isObject(schema.properties) ? schema.properties : {});
  const [ours, theirs] = [properties(a), properties(b)];
  const everyKey = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].every((key) => {
    const given = Object.hasOwn(ours, key) ? (ours[key] as Schema) : rest(a);
    // Undeclared in `a`, such a key is as its pattern says, and that was not compared.
    if (!Object.hasOwn(ours, key) && Object.keys(patterns).some((pattern) => new RegExp(pattern, "u").test(key)))
      return false;
    return within(given, Object.hasOwn(theirs, key) ? (theirs[key] as Schema) : rest(b));
  });
  return everyKey && within(rest(a), rest(b));
}
