import { z } from "zod";
import { DefinitionError } from "../errors.ts";
import { checkText, checkTexts } from "../names/names.ts";
import { visible } from "../names/quote.ts";
import { givenJsonSchema, isGiven, type ObjectJsonSchema } from "./json-schema.ts";
import { readySchemas, sourceOf } from "./ready.ts";

type Json = { [keyword: string]: unknown };

/**
 * Converts a zod schema once, while the server is being put together, and refuses what a client could not use.
 *
 * @param where names the schema in errors: `tool "get_note" inputSchema`
 * @throws DefinitionError when the schema has no JSON Schema form, its root is not an object, a field has no
 * description, or a `$ref` leaves the document.
 */
export function toJsonSchema(schema: z.ZodType, io: "input" | "output", where: string): ObjectJsonSchema {
  const known = made[io].get(schema);
  if (known !== undefined) return known;
  checkZod(schema, where);
  const source = isGiven(schema) ? undefined : sourceOf(schema, io);
  const ready = source === undefined ? undefined : readySchemas.get(source);
  const root = ready ?? convert(schema, io, where);
  if (source !== undefined) readySchemas.set(source, root);
  made[io].set(schema, root);
  return root;
}

/** @throws DefinitionError as {@link toJsonSchema} does */
function convert(schema: z.ZodType, io: "input" | "output", where: string): ObjectJsonSchema {
  let converted: Json;
  try {
    converted = givenJsonSchema(schema) ?? publish(schema, io);
  } catch (cause) {
    const why = findUnrepresentable(schema, io) ?? ` cannot be turned into JSON Schema: ${(cause as Error).message}`;
    throw new DefinitionError(`${where}${why}`, { cause });
  }
  const root = asObjectRoot(converted, where);
  // One that was given as JSON Schema may name its dialect too.
  delete root.$schema;
  const undescribed = new Set<string>();
  checkNode(root, where, "", root, undescribed);
  if (undescribed.size > 0) {
    const [has, each] = undescribed.size === 1 ? ["field", " has"] : ["fields", " have"];
    const names = [...undescribed].map((name) => `"${name}"`).join(", ");
    throw new DefinitionError(`${where}: the ${has} ${names}${each} no description. Add .describe("…").`);
  }
  checkTexts(where, root);
  if (io === "output") open(root);
  return root;
}

/** Tools that answer alike share a schema, and a conversion is most of what defining a tool costs. */
const made = {
  input: new WeakMap<z.ZodType, ObjectJsonSchema>(),
  output: new WeakMap<z.ZodType, ObjectJsonSchema>(),
};

/**
 * What zod writes, without what says nothing to a reader: the dialect, which is the specification's default and which
 * hosts with an older validator refuse; the bounds of every safe integer; the pattern of a date and time.
 */
function publish(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: "draft-2020-12",
    io,
    unrepresentable: "throw",
    override({ jsonSchema }) {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    },
  });
  return json;
}

/** @throws DefinitionError for what is no schema of zod 4 */
function checkZod(schema: unknown, where: string): void {
  if (typeof schema === "object" && schema !== null) {
    if ("_zod" in schema) return;
    if ("_def" in schema) throw new DefinitionError(`${where} is a schema of zod 3. Use zod 4.`);
    throw new DefinitionError(`${where} is a plain object. Wrap its fields: z.object({ … }).`);
  }
  throw new DefinitionError(`${where} is missing. For no fields, write z.object({}).`);
}

/** What to write instead of a type that JSON does not have. */
const INSTEAD: Record<string, string> = {
  date: "Use z.iso.datetime(), and new Date(…) in the handler.",
  bigint: "Use z.int(), or z.string() for larger numbers.",
  map: "Use z.record().",
  set: "Use z.array().",
  transform: "Transform in the handler, or pipe the result into a schema: .pipe(z.string()).",
  undefined: "Use .optional().",
  void: "Use .optional().",
  nan: "Use z.number().",
};

/** Names the first field whose type JSON does not have, where one is the reason. */
function findUnrepresentable(schema: z.ZodType, io: "input" | "output"): string | undefined {
  let found: string | undefined;
  const override = ({ zodSchema, path }: { zodSchema: z.core.$ZodTypes; path: (string | number)[] }): void => {
    const { type } = zodSchema._zod.def;
    if (found !== undefined || INSTEAD[type] === undefined) return;
    const names = path.filter((_part, index) => path[index - 1] === "properties");
    const field = names.length === 0 ? "" : `: the field "${names.join(".")}"`;
    found = `${field} is a z.${type}(), which JSON does not have. ${INSTEAD[type]}`;
  };
  try {
    z.toJSONSchema(schema, { target: "draft-2020-12", io, unrepresentable: "any", override });
  } catch {
    return undefined;
  }
  return found;
}

/** MCP wants `type: "object"` at the root; a union of objects has it only in its branches. */
function asObjectRoot(root: Json, where: string): ObjectJsonSchema {
  if (root.type === "object") return root as ObjectJsonSchema;
  const branches = (root.anyOf ?? root.oneOf) as Json[] | undefined;
  if (branches?.every((branch) => branch.type === "object")) return { ...root, type: "object" };
  throw new DefinitionError(`${where} must be an object at its root, for example z.object({ … }).`);
}

function checkNode(node: unknown, where: string, path: string, root: Json, undescribed: Set<string>): void {
  if (Array.isArray(node)) {
    for (const item of node) checkNode(item, where, path, root, undescribed);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const schema = node as Json;
  // A client that resolves a remote reference would be sent wherever the schema points.
  if (typeof schema.$ref === "string" && !schema.$ref.startsWith("#")) {
    throw new DefinitionError(`${where} refers to ${schema.$ref}: a $ref must stay inside the document.`);
  }
  // The 2026 revision has servers compare such a field with a header, which core does not do yet: refuse, not ignore.
  if ("x-mcp-header" in schema) throw new DefinitionError(`${where} uses x-mcp-header, which is not supported.`);
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties") {
      for (const [name, property] of Object.entries(value as Record<string, Json>)) {
        const field = path === "" ? name : `${path}.${name}`;
        checkDescription(property, where, field, schema, root, undescribed);
        checkNode(property, where, field, root, undescribed);
      }
    } else if (key !== "enum" && key !== "const" && key !== "default" && key !== "examples") {
      checkNode(value, where, path, root, undescribed);
    }
  }
}

function checkDescription(
  property: Json,
  where: string,
  field: string,
  parent: Json,
  root: Json,
  undescribed: Set<string>,
): void {
  // A discriminator says nothing beyond its constant: `{ type: "append" }` in a union's branch.
  if ("const" in property && parent.type === "object") return;
  // A schema that is used twice stands in $defs, and its description with it.
  const shared =
    typeof property.$ref === "string"
      ? (root.$defs as Record<string, Json> | undefined)?.[property.$ref.replace("#/$defs/", "")]
      : undefined;
  const description = property.description ?? shared?.description;
  if (typeof description !== "string") return void undescribed.add(field);
  checkText(`${where}: the description of "${field}"`, description);
}

/**
 * Output schemas are published open: a client validates against the list it fetched, and a field added later must not
 * break it. What is sent is still exactly what the zod schema lets through.
 */
function open(node: unknown): void {
  if (Array.isArray(node)) {
    for (const item of node) open(item);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const schema = node as Json;
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  for (const [key, value] of Object.entries(schema)) {
    if (key !== "enum" && key !== "const" && key !== "default" && key !== "examples") open(value);
  }
}

/** Longest line about one problem, in characters: a choice of many says most of them. */
const MAX_ISSUE = 2_000;

/** One line per problem, in words a model can act on: `limit: Too big: expected number to be <=100`. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 8)
    .map(({ path, message }) => visible(`${path.length === 0 ? "(root)" : path.join(".")}: ${message}`, MAX_ISSUE))
    .join("\n");
}
