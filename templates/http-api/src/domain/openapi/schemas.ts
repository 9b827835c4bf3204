import type { JsonSchema } from "../operation.ts";
import { createSchemas, type Direction, type Schemas } from "../schemas/whole.ts";
import type { Document } from "./document/document.ts";
import { lookUp } from "./document/pointer.ts";

const known = new WeakMap<Document, Partial<Record<Direction, Schemas>>>();

/**
 * A schema of a description that stands alone: every schema it refers to is carried in its `$defs`, so that a validator
 * needs nothing else. Recursive ones stay recursive. Parts are shared between schemas: not to be changed.
 */
export function standAlone(document: Document, schema: unknown, direction: Direction): JsonSchema {
  const ofDocument = known.get(document) ?? {};
  known.set(document, ofDocument);
  ofDocument[direction] ??= createSchemas((reference) => lookUp(document, reference), direction);
  return ofDocument[direction].whole(schema);
}

/** The definitions that a schema reaches, through each other too: what nobody refers to costs a model for nothing. */
export function reachable(schema: unknown, definitions: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const kept: Record<string, JsonSchema> = {};
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key !== "$ref" || typeof value !== "string") visit(value);
      else {
        const name = value.replace("#/$defs/", "");
        const target = definitions[name];
        if (target === undefined || Object.hasOwn(kept, name)) continue;
        kept[name] = target;
        visit(target);
      }
    }
  };
  visit(schema);
  return kept;
}
