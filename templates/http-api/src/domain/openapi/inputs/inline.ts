import type { JsonSchema } from "../../operation.ts";
import { loosen } from "../../schemas/loosen.ts";
import { makeReadable, type Readers } from "../../schemas/readable.ts";

/**
 * The same schema with what it refers to put in place, as some clients drop what is behind a reference. Only what
 * refers to itself stays in `$defs`. The nearest come first; what is past `maxCharacters` of JSON is left open, which
 * accepts more and never less: a model that gets all of a large schema pays more than it learns. The same goes for what
 * those who read it could not use.
 */
export function inlineRefs({ $defs = {}, ...schema }: JsonSchema, maxCharacters: number, readers: Readers): JsonSchema {
  const definitions = $defs as Record<string, unknown>;
  const recursive = new Map<string, JsonSchema>();
  const loose = new Set<object>();
  const waiting: Site[] = [];

  const copy = (node: unknown, within: readonly string[]): unknown => {
    if (Array.isArray(node)) return node.map((item) => copy(item, within));
    if (typeof node !== "object" || node === null) return node;
    const { $ref, ...rest } = node as JsonSchema;
    const name = typeof $ref === "string" && $ref.startsWith("#/$defs/") ? $ref.slice("#/$defs/".length) : undefined;
    const out = mapSchemas(name === undefined ? (node as JsonSchema) : rest, (value) => copy(value, within));
    if (name === undefined) return out;
    if (!within.includes(name)) {
      const into: JsonSchema = {};
      waiting.push({ into, name, beside: out, within });
      return into;
    }
    if (!recursive.has(name)) recursive.set(name, {});
    return { $ref: `#/$defs/${name}`, ...out };
  };

  const root = copy(schema, []) as JsonSchema;
  let left = maxCharacters - JSON.stringify(root).length;
  const fill = ({ into, name, beside, within }: Site): void => {
    const target = Object.hasOwn(definitions, name) ? definitions[name] : {};
    const whole = left > 0 ? copy(target, [...within, name]) : leftOpen(target);
    if (left <= 0) loose.add(into);
    left -= JSON.stringify(whole).length;
    Object.assign(into, beneath(whole, beside));
  };
  // The list and the map grow while they are walked: what is put in place refers to more.
  let done = 0;
  const fillAll = (): void => {
    for (; done < waiting.length; done += 1) fill(waiting[done] as Site);
  };
  fillAll();
  for (const [name, into] of recursive) {
    fill({ into, name, beside: {}, within: [] });
    fillAll();
  }
  const all = [root, ...recursive.values()];
  for (const node of all) makeReadable(node, readers, loose);
  loosen(all, loose, (reference) => recursive.get(reference.slice("#/$defs/".length)));
  const kept = Object.fromEntries(recursive);
  return recursive.size === 0 ? root : { ...root, $defs: kept };
}

/** Where a reference stood: what it names is put into `into`, with what was said beside it. */
interface Site {
  into: JsonSchema;
  name: string;
  beside: JsonSchema;
  /** What it stands in: one of these again is recursive. */
  within: readonly string[];
}

/** Keywords that hold values, not schemas. */
const VALUES = new Set(["enum", "const", "default", "examples", "example", "required", "type"]);
/** Keywords whose value is a map from names to schemas: a name there is no keyword. */
const NAMED = new Set(["properties", "patternProperties", "dependentSchemas"]);

function mapSchemas(node: JsonSchema, visit: (value: unknown) => unknown): JsonSchema {
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      if (VALUES.has(key)) return [key, value];
      if (NAMED.has(key) && typeof value === "object" && value !== null)
        return [key, Object.fromEntries(Object.entries(value).map(([name, item]) => [name, visit(item)]))];
      return [key, visit(value)];
    }),
  );
}

/** What says nothing about which values fit. */
const ANNOTATIONS = new Set(["description", "title", "default", "deprecated", "examples"]);

/** A schema with what stood beside the reference to it; where both say something of one kind, both hold. */
function beneath(whole: unknown, beside: JsonSchema): JsonSchema {
  if (typeof whole !== "object" || whole === null) return whole === false ? { not: {}, ...beside } : beside;
  const clash = Object.keys(beside).some((key) => !ANNOTATIONS.has(key) && Object.hasOwn(whole, key));
  return clash ? { allOf: [whole], ...beside } : { ...(whole as JsonSchema), ...beside };
}

function leftOpen(target: unknown): JsonSchema {
  const { type, description } = (typeof target === "object" && target !== null ? target : {}) as JsonSchema;
  return {
    ...(type === undefined ? {} : { type }),
    ...(typeof description === "string" ? { description: description.slice(0, 80) } : {}),
  };
}
