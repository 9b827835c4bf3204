import type { JsonSchema } from "../operation.ts";
import { isNode, LISTS, MAPS, SINGLE } from "./keywords.ts";
import { leaveAside, leaveOver, loosen } from "./loosen.ts";
import { isPattern, mend } from "./mend.ts";

/** Which way a value travels: a request leaves out what is readOnly, an answer what is writeOnly. */
export type Direction = "request" | "reply";

/** Schemas of one document for one direction, each made once however many operations use it. */
export interface Schemas {
  /** A schema of the document, and in its `$defs` everything that it reaches. Not to be changed: parts are shared. */
  whole(schema: unknown): JsonSchema;
}

/** Levels of schemas inside each other that are read; deeper ones accept anything. */
const MAX_DEPTH = 100;
const REFERENCE = "#/$defs/";

/**
 * Schemas as a validator can take them, whatever a description says: what cannot be compiled accepts more, never less.
 *
 * @param lookUp what a reference inside the document refers to, `undefined` for nothing
 */
export function createSchemas(lookUp: (reference: string) => unknown, direction: Direction): Schemas {
  const flag = direction === "request" ? "readOnly" : "writeOnly";
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const definitions = new Map<string, JsonSchema>();
  const loose = new Set<object>();
  const wholes = new WeakMap<object, JsonSchema>();
  const groups = new WeakMap<object, Group>();
  let waiting: { name: string; target: unknown; without: ReadonlySet<string> }[] = [];

  /** The name of what a reference refers to, where some names are not required of it. */
  const nameOf = (reference: string, without: readonly string[]): string => {
    const key = JSON.stringify([reference, ...[...without].sort()]);
    const known = names.get(key);
    if (known !== undefined) return known;
    const last = (reference.split("/").at(-1) ?? "").replace(/[^A-Za-z0-9_]/g, "_").slice(0, 60) || "schema";
    let name = last;
    for (let n = 2; taken.has(name); n += 1) name = `${last}_${n}`;
    taken.add(name);
    names.set(key, name);
    waiting.push({ name, target: lookUp(reference), without: new Set(without) });
    return name;
  };

  const groupOf = (node: unknown, depth = 0): Group => {
    if (!isNode(node) || depth > MAX_DEPTH) return { hidden: new Set(), required: new Set() };
    const known = groups.get(node);
    if (known !== undefined) return known;
    const group: Group = { hidden: new Set(), required: new Set() };
    groups.set(node, group);
    if (isNode(node.properties))
      for (const [name, item] of Object.entries(node.properties))
        if (isNode(item) && follow(lookUp, item)[flag] === true) group.hidden.add(name);
    if (Array.isArray(node.required)) for (const name of node.required) group.required.add(String(name));
    const members = [typeof node.$ref === "string" ? lookUp(node.$ref) : undefined, node.allOf].flat();
    for (const { hidden, required } of members.map((member) => groupOf(member, depth + 1))) {
      for (const name of hidden) group.hidden.add(name);
      for (const name of required) group.required.add(name);
    }
    return group;
  };

  const copy = (raw: unknown, without: ReadonlySet<string>, depth: number): JsonSchema | boolean => {
    if (typeof raw === "boolean") return raw;
    if (!isNode(raw) || depth > MAX_DEPTH) return looseNode();
    const { node, bad } = mend(raw);
    const group = groupOf(raw);
    const apart = group.hidden.size === 0 ? without : new Set([...without, ...group.hidden]);
    const child = (value: unknown, keyword: string) => copy(value, SAME_VALUE.has(keyword) ? apart : NONE, depth + 1);
    const out: JsonSchema = { ...node };
    if (bad.length > 0) {
      loose.add(out);
      leaveAside(
        out,
        bad.map(({ keyword }) => keyword),
      );
    }
    // Ajv does not count all that `if` and lists have evaluated as evaluated.
    if ("if" in out && !("then" in out && "else" in out)) openTo(out);
    if ("unevaluatedItems" in out) openTo(out);
    if (typeof out.$ref === "string") {
      const referred = lookUp(out.$ref);
      if (referred === undefined || leadsRound(lookUp, raw)) {
        delete out.$ref;
        openTo(out);
      } else {
        const { required } = groupOf(referred);
        out.$ref =
          REFERENCE +
          nameOf(
            out.$ref,
            [...apart].filter((name) => required.has(name)),
          );
      }
    }
    if (Array.isArray(out.required) && out.required.some((name) => apart.has(name))) {
      out.required = out.required.filter((name) => !apart.has(name));
      loose.add(out);
    }
    for (const keyword of SINGLE) if (isNode(out[keyword])) out[keyword] = child(out[keyword], keyword);
    for (const keyword of LISTS)
      if (Array.isArray(out[keyword])) out[keyword] = out[keyword].map((item) => child(item, keyword));
    for (const keyword of MAPS) if (isNode(out[keyword])) out[keyword] = copyMap(out, keyword, child);
    if (isNode(out.properties)) hide(out, group.hidden);
    return out;
  };

  const copyMap = (
    out: JsonSchema,
    keyword: string,
    child: (value: unknown, keyword: string) => unknown,
  ): JsonSchema => {
    const all = Object.entries(out[keyword] as object);
    // A validator takes a name such as __proto__ for something else, and refuses to compile a pattern that is none.
    const sound = all.filter(([name]) => name !== "__proto__" && (keyword !== "patternProperties" || isPattern(name)));
    if (sound.length < all.length) {
      delete out.additionalProperties;
      openTo(out);
    }
    return Object.fromEntries(sound.map(([name, item]) => [name, child(item, keyword)]));
  };

  const hide = (out: JsonSchema, hidden: ReadonlySet<string>): void => {
    const properties = out.properties as JsonSchema;
    // An API that repeats a writeOnly property is no reason to refuse its answer.
    const tolerated = direction === "reply" && ("additionalProperties" in out || "unevaluatedProperties" in out);
    for (const name of hidden)
      if (Object.hasOwn(properties, name)) {
        if (tolerated) properties[name] = {};
        else delete properties[name];
      }
  };

  const openTo = (out: JsonSchema): void => {
    leaveOver(out);
    loose.add(out);
  };

  const looseNode = (): JsonSchema => {
    const node = {};
    loose.add(node);
    return node;
  };

  const settle = (root: JsonSchema): void => {
    const made = [root];
    // `waiting` grows in this loop: what is copied may refer to more.
    for (const { name, target, without } of waiting) {
      const definition = asNode(copy(target, without, 0));
      definitions.set(name, definition);
      made.push(definition);
    }
    waiting = [];
    loosen(made, loose, (reference) => definitions.get(reference.slice(REFERENCE.length)));
  };

  return {
    whole(schema) {
      if (schema === undefined || schema === null) return {};
      const known = typeof schema === "object" ? wholes.get(schema) : undefined;
      if (known !== undefined) return known;
      const root = asNode(copy(schema, NONE, 0));
      settle(root);
      const $defs = reachableFrom(root, definitions);
      const whole = Object.keys($defs).length === 0 ? root : { ...root, $defs };
      if (typeof schema === "object") wholes.set(schema, whole);
      return whole;
    },
  };
}

/** What a schema and those that judge the same value with it say of names. */
interface Group {
  /** Properties that do not travel this way. */
  hidden: Set<string>;
  required: Set<string>;
}

const asNode = (schema: JsonSchema | boolean): JsonSchema =>
  typeof schema === "object" ? schema : schema ? {} : { not: {} };

const NONE: ReadonlySet<string> = new Set();
const SAME_VALUE = new Set(["allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas"]);

/** A schema with references followed, as far as they lead. */
function follow(lookUp: (reference: string) => unknown, item: JsonSchema): JsonSchema {
  let at = item;
  for (let hops = 0; typeof at.$ref === "string" && hops < 32; hops += 1) {
    const next = lookUp(at.$ref);
    if (!isNode(next)) return {};
    at = next;
  }
  return at;
}

const MAX_SCHEMAS_IN_PLACE = 1_000;

/** Whether a reference leads back to its own schema for the same value: a validator would never come to an end. */
function leadsRound(lookUp: (reference: string) => unknown, start: JsonSchema): boolean {
  const seen = new Set<object>();
  const open: unknown[] = [lookUp(start.$ref as string)];
  for (let at = open.pop(); open.length > 0 || at !== undefined; at = open.pop()) {
    if (!isNode(at) || seen.has(at)) continue;
    // With so many schemas for one value, assume that it does.
    if (at === start || seen.size > MAX_SCHEMAS_IN_PLACE) return true;
    seen.add(at);
    if (typeof at.$ref === "string") open.push(lookUp(at.$ref));
    for (const keyword of ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"])
      open.push(...[at[keyword] ?? []].flat());
    if (isNode(at.dependentSchemas)) open.push(...Object.values(at.dependentSchemas));
  }
  return false;
}

/** The definitions that a schema reaches, through each other too. */
function reachableFrom(root: JsonSchema, definitions: ReadonlyMap<string, JsonSchema>): Record<string, JsonSchema> {
  const found = new Map<string, JsonSchema>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key !== "$ref" || typeof value !== "string" || !value.startsWith(REFERENCE)) {
        visit(value);
        continue;
      }
      const name = value.slice(REFERENCE.length);
      const target = definitions.get(name);
      if (target === undefined || found.has(name)) continue;
      found.set(name, target);
      visit(target);
    }
  };
  visit(root);
  return Object.fromEntries(found);
}
