import { at, type Change, type Level, shorten } from "./change.ts";
import { closeObjects } from "./close-objects.ts";
import { assertions, equal, isObject, resolve, type Schema, type SchemaObject, without } from "./schema.ts";
import { subset } from "./subset.ts";

/** Who sends by the schema: clients by an input, the server by an output. */
export type Direction = "input" | "output";

interface Scope {
  direction: Direction;
  roots: { before: Schema; after: Schema };
  /** Pairs under way, for recursive schemas. */
  open: [Schema, Schema][];
}

/**
 * The changes between two versions of a schema, each where it is. An input breaks when it refuses what it took, an
 * output when it sends what it never said.
 */
export function compareSchemas(before: Schema, after: Schema, path: string, direction: Direction): Change[] {
  try {
    return compareWhole(before, after, path, direction);
  } catch (error) {
    // A keyword of another kind, such as "required": {}: JSON Schema gives it no meaning that could be compared.
    if (error instanceof TypeError || error instanceof RangeError || error instanceof URIError)
      return [{ path, what: `cannot be compared, it is not JSON Schema: ${error.message}`, level: "major" }];
    throw error;
  }
}

function compareWhole(before: Schema, after: Schema, path: string, direction: Direction): Change[] {
  const changes = compare(before, after, path, { direction, roots: { before, after }, open: [] });
  // The walk names the places; this is what decides. It also sees what only shows in the whole.
  if (changes.every(({ level }) => level !== "major") && !holds(before, after, direction))
    changes.push({ path, what: "no longer certain to be understood by who knew it", level: "major" });
  return changes;
}

const holds = (before: Schema, after: Schema, direction: Direction): boolean =>
  equal(before, after) ||
  (direction === "input" ? subset(closeObjects(before), after) : subset(closeObjects(after), before));

function compare(before: Schema, after: Schema, path: string, scope: Scope): Change[] {
  if (equal(before, after) && !JSON.stringify(before).includes('"$ref"')) return [];
  if (scope.open.some(([one, other]) => one === before && other === after)) return [];
  const inner: Scope = { ...scope, open: [...scope.open, [before, after]] };
  const [old, now] = [followRef(before, scope.roots.before), followRef(after, scope.roots.after)];
  if (!isObject(old) || !isObject(now)) return whole(old, now, path, inner);
  const texts = annotations(old, now, path);
  if (isPlain(old) && isPlain(now) && old.type === now.type) {
    if (old.type === "object") return [...texts, ...compareObjects(old, now, path, inner)];
    if (old.type === "array" && "items" in old && "items" in now) {
      const items = compare(old.items as Schema, now.items as Schema, `${path}.items`, inner);
      return [...texts, ...items, ...whole(without(old, "items"), without(now, "items"), path, inner)];
    }
  }
  return [...texts, ...whole(old, now, path, inner)];
}

const followRef = (schema: Schema, root: Schema): Schema =>
  isObject(schema) ? (resolve(schema, root) ?? schema) : schema;
const isPlain = (schema: SchemaObject): boolean =>
  !["anyOf", "oneOf", "allOf", "not", "if", "enum", "const"].some((keyword) => keyword in schema);

/** Texts are for models to choose by; a default is what a client gets that says nothing. */
function annotations(old: SchemaObject, now: SchemaObject, path: string): Change[] {
  const differs = (keyword: string): boolean => !equal(old[keyword], now[keyword]);
  const texts = ["title", "description", "examples", "deprecated"].filter(differs);
  return [
    ...texts.map((keyword): Change => ({ path: `${path}.${keyword}`, what: "reworded", level: "routing" })),
    ...(differs("default")
      ? [
          {
            path: `${path}.default`,
            what: `${shorten(old.default)} → ${shorten(now.default)}`,
            level: "minor" as Level,
          },
        ]
      : []),
  ];
}

const PARTS = ["properties", "required", "additionalProperties"];

function compareObjects(old: SchemaObject, now: SchemaObject, path: string, scope: Scope): Change[] {
  const input = scope.direction === "input";
  const changes: Change[] = [];
  const [was, is] = [(old.properties ?? {}) as SchemaObject, (now.properties ?? {}) as SchemaObject];
  const requiredIn = (schema: SchemaObject, key: string): boolean =>
    ((schema.required as string[]) ?? []).includes(key);
  for (const key of [...new Set([...Object.keys(was), ...Object.keys(is)])].sort()) {
    const place = at(`${path}.properties`, key);
    const [before, after] = [requiredIn(old, key), requiredIn(now, key)];
    const change = (what: string, level: Level): unknown => changes.push({ path: place, what, level });
    if (!Object.hasOwn(is, key)) {
      const harmless = !input && !before;
      change(before ? "removed (was required)" : "removed", harmless ? "minor" : "major");
    } else if (!Object.hasOwn(was, key)) {
      const breaks = input ? after : old.additionalProperties === false;
      change(
        breaks && !input ? "added to a closed object" : after ? "added, required" : "added",
        breaks ? "major" : "minor",
      );
    } else {
      if (before !== after) change(after ? "now required" : "now optional", after === input ? "major" : "minor");
      changes.push(...compare(was[key] as Schema, is[key] as Schema, place, scope));
    }
  }
  changes.push(...compareRest(old, now, path, scope));
  changes.push(...whole(without(old, ...PARTS), without(now, ...PARTS), path, scope));
  return changes;
}

/** What an object says of keys that it does not declare. */
function compareRest(old: SchemaObject, now: SchemaObject, path: string, scope: Scope): Change[] {
  const [was, is] = [(old.additionalProperties ?? true) as Schema, (now.additionalProperties ?? true) as Schema];
  const place = `${path}.additionalProperties`;
  if (was !== false && is !== false) return compare(was, is, place, scope);
  if (was === is) return [];
  const input = scope.direction === "input";
  return [
    {
      path: place,
      what: is === false ? "now closed" : "now open",
      level: (is === false) === input ? "major" : "minor",
    },
  ];
}

/** Two schemas as a whole: wider, narrower or another. */
function whole(before: Schema, after: Schema, path: string, scope: Scope): Change[] {
  const [old, now] = [before, after].map((schema) => (isObject(schema) ? assertions(schema) : schema)) as [
    Schema,
    Schema,
  ];
  if (equal(old, now)) return [];
  const withRoot = (schema: Schema, root: Schema): Schema =>
    isObject(schema) && isObject(root) ? { ...definitions(root), ...schema } : schema;
  const [left, right] = [withRoot(old, scope.roots.before), withRoot(now, scope.roots.after)];
  const [wider, narrower] = [subset(closeObjects(left), right), subset(closeObjects(right), left)];
  const harmless = scope.direction === "input" ? wider : narrower;
  const kind = wider && narrower ? "said otherwise" : wider ? "widened" : narrower ? "narrowed" : "changed";
  const level = wider && narrower ? "patch" : harmless ? "minor" : "major";
  return [{ path, what: `${kind}: ${keywords(old, now)}`, level }];
}

/** The keywords in which two schemas differ: `maxLength 200 → 100`. */
function keywords(old: Schema, now: Schema): string {
  if (!isObject(old) || !isObject(now)) return `${shorten(old)} → ${shorten(now)}`;
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((keyword) => !equal(old[keyword], now[keyword]))
    .map((keyword) => `${keyword} ${shorten(old[keyword])} → ${shorten(now[keyword])}`)
    .join(", ");
}

/** What `$ref` points into. */
const definitions = (root: SchemaObject): SchemaObject =>
  Object.fromEntries(Object.entries(root).filter(([keyword]) => keyword === "$defs" || keyword === "definitions"));
