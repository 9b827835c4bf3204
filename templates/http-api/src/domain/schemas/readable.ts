import type { JsonSchema } from "../operation.ts";
import { visible } from "../visible.ts";
import { inner, isNode } from "./keywords.ts";
import { leaveOver } from "./loosen.ts";

/**
 * Who reads a schema: a model, to fill it in, or a client too, which validates answers by it with a validator of its
 * own and would run its patterns and formats.
 */
export type Readers = "model" | "client";

/**
 * Takes out of a schema what its readers could not see or use: hidden characters, texts that are too long to be read,
 * patterns that their engine refuses, and for clients every pattern and format, names that every object of JavaScript
 * has, and what closes an object to fields that an API adds. What then accepts more is added to `loose`.
 */
export function makeReadable(root: JsonSchema, readers: Readers, loose: Set<object>): void {
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (takeOut(node, readers)) loose.add(node);
    for (const [, child] of inner(node)) open.push(child);
  }
}

/** @returns whether the node accepts more than before */
function takeOut(node: JsonSchema, readers: Readers): boolean {
  let more = false;
  const drop = (keyword: string): void => {
    delete node[keyword];
    more = true;
  };
  if (typeof node.title === "string") node.title = visible(node.title).slice(0, MAX_TITLE);
  for (const keyword of ["title", "default", "contentMediaType", "contentEncoding"])
    if (hides(node[keyword])) delete node[keyword];
  for (const keyword of ["enum", "const", "dependentRequired"]) if (hides(node[keyword])) drop(keyword);
  if (typeof node.pattern === "string" && (readers === "client" || hides(node.pattern) || !runs(node.pattern)))
    drop("pattern");
  if (typeof node.format === "string" && (readers === "client" || hides(node.format))) drop("format");
  if (isNode(node.properties)) {
    const hidden = Object.keys(node.properties).filter(
      (name) => hidesName(name) || (readers === "client" && name in {}),
    );
    for (const name of hidden) delete node.properties[name];
    if (hidden.length > 0) more = openObjects(node);
  }
  if (Array.isArray(node.required) && node.required.some(hidesName)) {
    node.required = node.required.filter((name) => !hidesName(name));
    more = true;
  }
  const patterns = isNode(node.patternProperties) ? Object.keys(node.patternProperties) : [];
  if (patterns.some((name) => readers === "client" || hidesName(name) || !runs(name))) {
    delete node.patternProperties;
    more = openObjects(node);
  }
  if (isNode(node.dependentSchemas) && Object.keys(node.dependentSchemas).some(hidesName)) {
    delete node.dependentSchemas;
    more = openObjects(node);
  }
  if (readers === "client" && node.additionalProperties === false) drop("additionalProperties");
  return more;
}

/** A property that was dropped must not count as an additional one. */
function openObjects(node: JsonSchema): true {
  delete node.additionalProperties;
  leaveOver(node);
  return true;
}

/** What core lets no tool show, by itself or by its length: one such text would stop the start of all the others. */
const HIDDEN = /(?!\n|\t|(?<=\p{Emoji})\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2028\u2029]/u;
const MAX_VALUE = 4_096;
const MAX_NAME = 128;
const MAX_TITLE = 256;

const hides = (value: unknown): boolean => {
  if (typeof value === "string") return value.length > MAX_VALUE || HIDDEN.test(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, item]) => hidesName(key) || hides(item));
};

const hidesName = (name: string): boolean => name.length > MAX_NAME || HIDDEN.test(name);

/** Whether a validator that goes by the standard can compile it. */
function runs(pattern: string): boolean {
  try {
    new RegExp(pattern, "u");
    return true;
  } catch {
    return false;
  }
}
