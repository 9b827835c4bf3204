type Json = Record<string, unknown>;

const BRANCHES = ["allOf", "anyOf", "oneOf"];
/** What stays outside, where readers look for it. */
const SAID = ["title", "description", "deprecated", "readOnly", "writeOnly", "default", "example"];

/**
 * A schema of OpenAPI 3.0 whose `nullable` stands beside a type and branches, so that null fits the whole of it. The
 * conversion to 3.1 puts null into the type alone, and then no branch takes it. Changes `node`.
 */
export function spellNullable(node: unknown): void {
  if (typeof node !== "object" || node === null) return;
  for (const item of Array.isArray(node) ? node : Object.values(node))
    if (typeof item === "object" && item !== null) spellNullable(item);
  const schema = node as Json;
  if (schema.nullable !== true || typeof schema.type !== "string") return;
  if (!BRANCHES.some((name) => Array.isArray(schema[name]))) return;
  const rest: Json = {};
  for (const [name, value] of Object.entries(schema)) {
    if (SAID.includes(name)) continue;
    delete schema[name];
    if (name !== "nullable") rest[name] = value;
  }
  schema.anyOf = [rest, { enum: [null] }];
}
