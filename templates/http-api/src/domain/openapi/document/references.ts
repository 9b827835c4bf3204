import type { Document } from "./document.ts";
import { type Flaw, inside, lookUp, whyNowhere } from "./pointer.ts";

/** Keywords that hold examples and values: what looks like a reference there is none. */
const VALUES = new Set(["example", "examples", "default", "const", "enum", "value"]);
/** Keywords whose value is a map from names to more of the description: a name there is no keyword. */
const NAMED = new Set([
  ...["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "paths", "responses", "content"],
  ...[
    "headers",
    "parameters",
    "schemas",
    "requestBodies",
    "callbacks",
    "links",
    "securitySchemes",
    "pathItems",
    "encoding",
  ],
]);

/** The references of a description that cannot be followed, and where they stand. */
export function brokenReferences(document: Document): Flaw[] {
  const flaws: Flaw[] = [];
  const known = new Map<string, boolean>();
  const works = (reference: string): boolean => {
    let found = known.get(reference);
    if (found === undefined) {
      found =
        (reference.startsWith("#") && !reference.startsWith("#/") && reference !== "#") ||
        lookUp(document, reference) !== undefined;
      known.set(reference, found);
    }
    return found;
  };
  // One for all: a large description has a hundred thousand places.
  const path: string[] = [];
  const visit = (node: object, names: boolean): void => {
    for (const key of Object.keys(node)) {
      const value = (node as Record<string, unknown>)[key];
      if (!names && key === "$ref" && typeof value === "string") {
        if (!works(value)) flaws.push({ pointer: inside("#", ...path), reason: whyNowhere(value) });
      } else if (typeof value === "object" && value !== null && (names || !(VALUES.has(key) || key.startsWith("x-")))) {
        path.push(key);
        visit(value, !names && NAMED.has(key) && !Array.isArray(value));
        path.pop();
      }
    }
  };
  visit(
    {
      paths: document.paths,
      components: document.components,
      definitions: document.definitions,
      parameters: document.parameters,
      responses: document.responses,
    },
    false,
  );
  return flaws;
}
