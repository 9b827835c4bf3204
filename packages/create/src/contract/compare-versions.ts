import { at, type Change } from "./change.ts";
import { compareSchemas } from "./compare-schemas.ts";
import { isObject, type Schema, type SchemaObject } from "./schema.ts";

/** What a client that pins a version meets. */
interface Pinned {
  path: string;
  current: boolean;
  schemas: SchemaObject;
}

/** All versions of a tool by name, the current one too. */
function pinnedOf(tool: SchemaObject, path: string): Map<string, Pinned> {
  const earlier = isObject(tool.versions) ? tool.versions : {};
  const all = new Map<string, Pinned>();
  for (const [name, schemas] of Object.entries(earlier))
    if (isObject(schemas)) all.set(name, { path: at(`${path}.versions`, name), current: false, schemas });
  if (typeof tool.version === "string")
    all.set(tool.version, { path: `${path}.version`, current: true, schemas: tool });
  return all;
}

/**
 * What became of the versions that clients pin. One that is gone breaks them, and so does one whose schemas are others
 * than they were: what was said once is never said again. That the current version becomes an earlier one is no change
 * for who has pinned it.
 */
export function compareVersions(old: SchemaObject, now: SchemaObject, path: string): Change[] {
  const [before, after] = [pinnedOf(old, path), pinnedOf(now, path)];
  const gone = [...before].filter(([name]) => !after.has(name));
  const added = [...after].filter(([name, { current }]) => !before.has(name) && !(current && before.size === 0));
  const kept = [...before].flatMap(([name, was]) => {
    const is = after.get(name);
    return is === undefined ? [] : compareOne(was, is);
  });
  return [
    ...gone.map(([name, { path }]): Change => ({ path, what: `version ${name} removed`, level: "major" })),
    ...added.map(([name, { path }]): Change => ({ path, what: `version ${name} added`, level: "minor" })),
    ...kept,
  ];
}

function compareOne(was: Pinned, is: Pinned): Change[] {
  // What the current version may become without a new name, the rules for schemas have said already.
  if (was.current && is.current) return [];
  const schemas = (["input", "output"] as const).flatMap((direction) => {
    const key = `${direction}Schema`;
    return compareSchemas(was.schemas[key] as Schema, is.schemas[key] as Schema, `${is.path}.${key}`, direction);
  });
  return [
    ...schemas.map((change): Change => (change.level === "minor" ? { ...change, level: "major" } : change)),
    ...sunset(was.schemas.sunset, is.schemas.sunset, is.path),
  ];
}

function sunset(was: unknown, is: unknown, path: string): Change[] {
  if (was === is) return [];
  return [
    { path: `${path}.sunset`, what: is === undefined ? "no longer ends" : `ends on ${String(is)}`, level: "minor" },
  ];
}
