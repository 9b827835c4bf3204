import { HOLDS_MAP, HOLDS_SCHEMAS, isNode } from "../../schemas/keywords.ts";
import { flawsOf } from "../../schemas/mend.ts";
import type { Document } from "./document.ts";
import { type Flaw, inside } from "./pointer.ts";

/** What looks back or around in a pattern: no engine that takes linear time knows it. */
const NOT_LINEAR = /\(\?<?[=!]|\\[1-9]|\\k</;

/**
 * What values cannot be held to in a description's schemas, and where it stands. It is left out there, which accepts
 * more: said at the start, so that nothing of a description fails in a call.
 */
export function brokenSchemas(document: Document): Flaw[] {
  const flaws: Flaw[] = [];
  // One for all: a large description has a hundred thousand schemas.
  const path: (string | number)[] = [];
  const flaw = (keyword: string, reason: string): unknown =>
    flaws.push({ pointer: inside("#", ...path, keyword), reason });
  const below = (look: (node: unknown) => void, node: unknown, ...steps: (string | number)[]): void => {
    path.push(...steps);
    look(node);
    path.length -= steps.length;
  };

  const judge = (node: unknown): void => {
    if (path.length > MAX_LEVELS || !isNode(node)) return;
    for (const { keyword, reason } of flawsOf(node)) flaw(keyword, `${reason}: values are not held to it`);
    if (typeof node.pattern === "string" && NOT_LINEAR.test(node.pattern))
      flaw("pattern", "it looks around or back: values are held to the rest of it");
    for (const key of Object.keys(node)) {
      const value = node[key];
      if (typeof value !== "object" || value === null || !HOLDS_SCHEMAS.has(key)) continue;
      if (Array.isArray(value)) for (const [at, item] of value.entries()) below(judge, item, key, at);
      else if (HOLDS_MAP.has(key)) each(value, key);
      else below(judge, value, key);
    }
  };
  const each = (schemas: object, key: string): void => {
    for (const [name, schema] of Object.entries(schemas)) below(judge, schema, key, name);
  };

  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null || path.length > MAX_LEVELS) return;
    for (const key of Object.keys(node)) {
      const value = (node as Record<string, unknown>)[key];
      if (typeof value !== "object" || value === null || key.startsWith("example") || key.startsWith("x-")) continue;
      if (key === "schema") below(judge, value, key);
      else if (key === "schemas" && path.length === 1) each(value, key);
      else below(visit, value, key);
    }
  };
  visit({ paths: document.paths, components: document.components });
  return flaws;
}

/** Deeper than that, schemas are not read at all. */
const MAX_LEVELS = 120;
