import { assertions, equal, resolve, type Schema, type SchemaObject } from "./schema.ts";
import { typeOf, typesOf } from "./types-of.ts";

type Verdict = boolean | undefined;

/** Whether a constant is valid. `undefined` when this does not know: formats, and what stands inside objects and lists. */
export function accepts(schema: Schema, value: unknown, root: Schema, depth = 0): Verdict {
  if (typeof schema === "boolean") return schema;
  if (depth > 16) return undefined;
  const target = resolve(schema, root);
  if (target === undefined) return undefined;
  if (target !== schema) return accepts(target, value, root, depth + 1);
  const inner = (part: Schema): Verdict => accepts(part, value, root, depth + 1);
  return all(
    Object.entries(assertions(schema)).map(([keyword, wanted]) => {
      if (keyword === "allOf") return all((wanted as Schema[]).map(inner));
      if (keyword === "anyOf") return any((wanted as Schema[]).map(inner));
      if (keyword === "oneOf") return exactlyOne((wanted as Schema[]).map(inner));
      if (keyword === "not") return not(inner(wanted as Schema));
      return check(keyword, wanted, value, schema);
    }),
  );
}

function check(keyword: string, wanted: unknown, value: unknown, schema: SchemaObject): Verdict {
  const limit = wanted as number;
  switch (keyword) {
    case "type":
      return typesOf(schema).some(
        (type) => type === typeOf(value) || (type === "number" && typeOf(value) === "integer"),
      );
    case "const":
      return equal(value, wanted);
    case "enum":
      return (wanted as unknown[]).some((item) => equal(item, value));
    case "minimum":
      return typeof value !== "number" || value >= limit;
    case "maximum":
      return typeof value !== "number" || value <= limit;
    case "exclusiveMinimum":
      return typeof value !== "number" || value > limit;
    case "exclusiveMaximum":
      return typeof value !== "number" || value < limit;
    case "minLength":
      return typeof value !== "string" || [...value].length >= limit;
    case "maxLength":
      return typeof value !== "string" || [...value].length <= limit;
    case "pattern":
      return typeof value !== "string" || matches(wanted as string, value);
    case "multipleOf":
      if (typeof value !== "number") return true;
      return Number.isInteger(value) && Number.isInteger(limit) ? value % limit === 0 : undefined;
    case "format":
      return typeof value === "string" ? undefined : true;
    default:
      // Every keyword left speaks of objects or of lists, or is not known here.
      return KNOWN_OF_CONTAINERS.has(keyword) && (typeof value !== "object" || value === null) ? true : undefined;
  }
}

function matches(pattern: string, value: string): Verdict {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return undefined;
  }
}

const KNOWN_OF_CONTAINERS = new Set(
  "properties required additionalProperties propertyNames patternProperties minProperties maxProperties items prefixItems minItems maxItems uniqueItems contains".split(
    " ",
  ),
);

const all = (verdicts: Verdict[]): Verdict =>
  verdicts.includes(false) ? false : verdicts.includes(undefined) ? undefined : true;
const any = (verdicts: Verdict[]): Verdict => not(all(verdicts.map(not)));
const not = (verdict: Verdict): Verdict => (verdict === undefined ? undefined : !verdict);
function exactlyOne(verdicts: Verdict[]): Verdict {
  const sure = verdicts.filter((verdict) => verdict === true).length;
  if (sure > 1) return false;
  return verdicts.includes(undefined) ? undefined : sure === 1;
}
