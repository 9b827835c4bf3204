import { own } from "../own.ts";
import { at, type Change, type Level, shorten } from "./change.ts";
import { compareSchemas } from "./compare-schemas.ts";
import { compareVersions } from "./compare-versions.ts";
import { equal, isObject, type Schema, type SchemaObject } from "./schema.ts";

/** What a lock holds. */
export type Contract = SchemaObject;

/**
 * What became of a server's public surface from one lock to another, each change where it is and with what it means for
 * clients.
 */
export function compareContracts(before: Contract, after: Contract): Change[] {
  const compareLists = (
    key: string,
    each: (old: SchemaObject, now: SchemaObject, path: string) => Change[],
  ): Change[] => eachOf(part(before, key), part(after, key), key, each);
  return [
    ...texts(before, after, "", ["name", "title", "instructions"]),
    ...eachOf(part(before, "capabilities"), part(after, "capabilities"), "capabilities", compareFlags),
    ...compareLists("tools", compareTools),
    ...compareLists("resources", compareResources),
    ...compareLists("prompts", comparePrompts),
  ];
}

const part = (value: SchemaObject, key: string): SchemaObject => (isObject(value[key]) ? value[key] : {});
const keysOf = (old: SchemaObject, now: SchemaObject): string[] =>
  [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();

/** Things with names: gone, new, or compared. */
function eachOf(
  old: SchemaObject,
  now: SchemaObject,
  path: string,
  compare: (old: SchemaObject, now: SchemaObject, path: string) => Change[],
): Change[] {
  return keysOf(old, now).flatMap((key): Change[] => {
    const place = at(path, key);
    if (!Object.hasOwn(now, key)) return [{ path: place, what: "removed", level: "major" }];
    if (!Object.hasOwn(old, key)) return [{ path: place, what: "added", level: "minor" }];
    const [before, after] = [old[key], now[key]];
    return isObject(before) && isObject(after) ? compare(before, after, place) : [];
  });
}

function texts(old: SchemaObject, now: SchemaObject, path: string, keys: string[]): Change[] {
  return keys
    .filter((key) => !equal(old[key], now[key]))
    .map((key) => ({ path: path === "" ? key : at(path, key), what: "reworded", level: "routing" }));
}

/** Anything with no rule of its own: nobody can say that a client does not rely on it. */
function others(old: SchemaObject, now: SchemaObject, path: string, known: string[]): Change[] {
  return keysOf(old, now)
    .filter((key) => !known.includes(key))
    .map((key) => [key, own(old, key), own(now, key)] as const)
    .filter(([, was, is]) => !equal(was, is))
    .map(([key, was, is]) => {
      const level: Level = was === undefined ? "minor" : "major";
      return { path: at(path, key), what: `${shorten(was)} → ${shorten(is)}`, level };
    });
}

const compareFlags = (old: SchemaObject, now: SchemaObject, path: string): Change[] => others(old, now, path, []);

/** What programs read, each by its key: an extension's part may change without another's. */
const compareMeta = (old: SchemaObject, now: SchemaObject, path: string): Change[] =>
  others(part(old, "_meta"), part(now, "_meta"), `${path}._meta`, []);

const TEXTS = ["title", "description", "icons"];

function compareTools(old: SchemaObject, now: SchemaObject, path: string): Change[] {
  return [
    ...texts(old, now, path, TEXTS),
    ...compareSchemas(old.inputSchema as Schema, now.inputSchema as Schema, `${path}.inputSchema`, "input"),
    ...compareOutputs(old.outputSchema as Schema | undefined, now.outputSchema as Schema | undefined, path),
    ...compareAnnotations(part(old, "annotations"), part(now, "annotations"), `${path}.annotations`),
    ...compareMeta(old, now, path),
    ...compareVersions(old, now, path),
    ...others(old, now, path, [...TEXTS, "inputSchema", "outputSchema", "annotations", "_meta", "version", "versions"]),
  ];
}

function compareOutputs(old: Schema | undefined, now: Schema | undefined, path: string): Change[] {
  const place = `${path}.outputSchema`;
  if (old === undefined) return now === undefined ? [] : [{ path: place, what: "added", level: "minor" }];
  if (now === undefined) return [{ path: place, what: "removed", level: "major" }];
  return compareSchemas(old, now, place, "output");
}

/** The specification's defaults, and the value that promises more. */
const HINTS: Record<string, { byDefault: boolean; safer: boolean }> = {
  readOnlyHint: { byDefault: false, safer: true },
  destructiveHint: { byDefault: true, safer: false },
  idempotentHint: { byDefault: false, safer: true },
  openWorldHint: { byDefault: true, safer: false },
};

function compareAnnotations(old: SchemaObject, now: SchemaObject, path: string): Change[] {
  const hints = Object.entries(HINTS).flatMap(([hint, { byDefault, safer }]): Change[] => {
    const [before, after] = [old[hint] ?? byDefault, now[hint] ?? byDefault];
    if (before === after) return [];
    const weaker = before === safer;
    const what = `${before} → ${after}, ${weaker ? "a weaker" : "a stronger"} promise`;
    return [{ path: at(path, hint), what, level: weaker ? "major" : "minor" }];
  });
  return [...hints, ...texts(old, now, path, ["title"]), ...others(old, now, path, ["title", ...Object.keys(HINTS)])];
}

function compareResources(old: SchemaObject, now: SchemaObject, path: string): Change[] {
  return [
    ...texts(old, now, path, [...TEXTS, "name"]),
    ...completes(old, now, path),
    ...compareMeta(old, now, path),
    ...others(old, now, path, [...TEXTS, "name", "completes", "_meta"]),
  ];
}

function comparePrompts(old: SchemaObject, now: SchemaObject, path: string): Change[] {
  const [was, is] = [part(old, "arguments"), part(now, "arguments")];
  const added = Object.keys(is).filter((key) => !Object.hasOwn(was, key) && part(is, key).required === true);
  const compared = eachOf(was, is, `${path}.arguments`, (before, after, place) => [
    ...texts(before, after, place, ["title", "description"]),
    ...(before.required === after.required ? [] : [requiredness(place, after.required === true)]),
  ]).map(
    (change): Change =>
      added.some((key) => change.path === at(`${path}.arguments`, key))
        ? { ...change, what: "added, required", level: "major" }
        : change,
  );
  return [
    ...texts(old, now, path, TEXTS),
    ...compared,
    ...completes(old, now, path),
    ...compareMeta(old, now, path),
    ...others(old, now, path, [...TEXTS, "arguments", "completes", "_meta"]),
  ];
}

const requiredness = (path: string, required: boolean): Change => ({
  path,
  what: required ? "now required" : "now optional",
  level: required ? "major" : "minor",
});

/** Arguments and variables that can be completed. */
function completes(old: SchemaObject, now: SchemaObject, path: string): Change[] {
  const asKeys = (value: unknown): SchemaObject =>
    Object.fromEntries(((value as string[]) ?? []).map((key) => [key, 1]));
  return eachOf(asKeys(old.completes), asKeys(now.completes), `${path}.completes`, () => []);
}
