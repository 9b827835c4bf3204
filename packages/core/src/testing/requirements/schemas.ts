import { AjvJsonSchemaValidator } from "@modelcontextprotocol/client/validators/ajv";

/** A JSON Schema, or a part of one. */
export type Json = { [keyword: string]: unknown };

// What clients check results with. Keywords and formats are those that the SDKs' own clients know.
const validator = new AjvJsonSchemaValidator();
// By their text: compiling takes milliseconds, and every requirement lists the same schemas again.
const compiled = new Map<string, ReturnType<AjvJsonSchemaValidator["getValidator"]>>();

/** What a client's validator has against the data, or against the schema itself; `undefined` when all is well. */
export function mismatch(schema: unknown, data: unknown): string | undefined {
  const text = JSON.stringify(schema);
  try {
    const check = compiled.get(text) ?? validator.getValidator(schema as never);
    compiled.set(text, check);
    return check(data).errorMessage;
  } catch (error) {
    return `the schema itself does not compile: ${(error as Error).message}`;
  }
}

/** The values of these keywords are data, not schemas. */
const DATA_KEYWORDS: readonly string[] = ["enum", "const", "default", "examples"];

/** Visits every schema inside a schema, itself included. `path` names properties: `filter.tags`. */
export function walk(node: unknown, visit: (schema: Json, path: string) => void, path = ""): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, visit, path);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  visit(node as Json, path);
  for (const [keyword, value] of Object.entries(node)) {
    if (DATA_KEYWORDS.includes(keyword)) continue;
    if ((keyword === "properties" || keyword === "$defs") && typeof value === "object" && value !== null) {
      const into = (name: string) => (keyword === "$defs" ? path : path === "" ? name : `${path}.${name}`);
      for (const [name, property] of Object.entries(value)) walk(property, visit, into(name));
    } else {
      walk(value, visit, path);
    }
  }
}
