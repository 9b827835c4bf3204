import type { JsonSchema, Operation, Parameter } from "../../operation.ts";
import { bodyKind } from "../../request/body-kind.ts";
import { BYTES, FILE } from "../../request/files.ts";
import { isFilePart } from "../../request/multipart.ts";
import { reachable } from "../schemas.ts";
import { describeFields, wordsOf } from "../texts.ts";
import { fieldName } from "./field-names.ts";
import { inlineRefs } from "./inline.ts";
import { isOwnHeader } from "./own-headers.ts";

/** Where one field of a model's input goes. */
export type Field =
  | { name: string; to: "parameter"; parameter: Parameter }
  /** A property of the body. */
  | { name: string; to: "property"; property: string }
  | { name: string; to: "body" };

/** What a model fills in for an operation: one flat object, and where each of its fields goes. */
export interface Inputs {
  /** What a model is shown: references put in place, and what is too long for it left open. */
  schema: JsonSchema & { type: "object" };
  /** What its values are validated against: all of it. */
  whole: JsonSchema & { type: "object" };
  fields: readonly Field[];
}

/** Characters of JSON past which an input's nested schemas are left open where they are shown. */
const MAX_SHOWN = 16_384;

/**
 * Makes an operation's parameters and body into one flat object. Cookies, credentials and the client's own headers are
 * left out. What else is in an input is ignored, as everywhere in this server.
 */
export function flatInputs({
  parameters,
  body,
  withheld = [],
}: Pick<Operation, "parameters" | "body" | "withheld">): Inputs {
  const fields: Field[] = [];
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  const definitions: Record<string, JsonSchema> = {};

  const add = (wanted: string, place: string, schema: JsonSchema, must: boolean, field: (name: string) => Field) => {
    const name = fieldName(wanted, place, properties);
    properties[name] = name === wanted ? schema : sentAs(wanted, name, schema);
    if (must) required.push(name);
    fields.push(field(name));
  };

  for (const parameter of parameters) {
    if (parameter.in === "cookie" || (parameter.in === "header" && isOwnHeader(parameter.name))) continue;
    const schema = hoist(parameter.schema, definitions);
    const described = parameter.description === undefined ? schema : { ...schema, description: parameter.description };
    // What has a default is sent with it: nobody has to fill it in.
    const must = parameter.required && (parameter.in === "path" || schema.default === undefined);
    add(parameter.name, parameter.in, described, must, (name) => ({ name, to: "parameter", parameter }));
  }
  if (body !== undefined) {
    const schema = hoist(body.schema, definitions);
    const kind = bodyKind(body.contentType, body.schema);
    const inner = schema.properties as Record<string, unknown> | undefined;
    if (kind === "text" || kind === "bytes") {
      const plain = kind === "bytes" ? BYTES : schema.type === "string" ? schema : { type: "string" };
      const described = { description: `The body of the request, as ${body.contentType}`, ...plain };
      add("body", "request", described, body.required, (name) => ({ name, to: "body" }));
    } else if (isFlat(schema) && typeof inner === "object" && inner !== null) {
      const musts = new Set(Array.isArray(schema.required) ? schema.required : []);
      for (const [property, item] of Object.entries(inner)) {
        if (withheld.includes(property)) continue;
        const shown = kind === "multipart" ? partSchema(property, item, body.encoding?.[property]) : asSchema(item);
        const must = body.required && musts.has(property);
        const needed = !body.required && musts.has(property);
        add(property, "body", needed ? bodyField(property, shown) : shown, must, (name) => ({
          name,
          to: "property",
          property,
        }));
      }
    } else {
      const described = { description: "The body of the request", ...schema };
      add("body", "request", described, body.required, (name) => ({ name, to: "body" }));
    }
  }
  const used = reachable(properties, definitions);
  const whole = {
    type: "object",
    properties,
    ...(required.length === 0 ? {} : { required }),
    ...(Object.keys(used).length === 0 ? {} : { $defs: used }),
  } as Inputs["whole"];
  return { schema: describeFields(inlineRefs(whole, MAX_SHOWN, "model")) as Inputs["schema"], whole, fields };
}

const asSchema = (node: unknown): JsonSchema =>
  typeof node === "object" && node !== null && !Array.isArray(node) ? (node as JsonSchema) : {};

/** A name that says less than the API's own is explained by it; first, as a long description is cut. */
function sentAs(wanted: string, name: string, schema: JsonSchema): JsonSchema {
  const said = typeof schema.description === "string" ? schema.description : wordsOf(name);
  return { ...schema, description: `Sent as ${wanted}: ${said}` };
}

/** A body that may be left out has fields that may not, once there is one: a schema has no plain word for that. */
const bodyField = (name: string, schema: JsonSchema): JsonSchema => ({
  ...schema,
  description: `Needed with any field of the body: ${typeof schema.description === "string" ? schema.description : wordsOf(name)}`,
});

/** A part of a multipart body, as a model gives it. */
function partSchema(
  name: string,
  item: unknown,
  encoding: NonNullable<NonNullable<Operation["body"]>["encoding"]>[string] | undefined,
): JsonSchema {
  const schema = asSchema(item);
  if (!isFilePart(name, schema, encoding)) return schema;
  const { description } = schema;
  const file =
    typeof description === "string" ? { ...FILE, description: `${description} (${FILE.description})` } : FILE;
  return schema.type === "array"
    ? { type: "array", items: FILE, ...(description === undefined ? {} : { description }) }
    : file;
}

/** An object whose fields can stand beside the parameters: nothing in it is said of the object as a whole. */
function isFlat(schema: JsonSchema): boolean {
  const { type, properties, allOf, anyOf, oneOf, not, additionalProperties, $ref } = schema;
  return (
    (type === "object" || type === undefined) &&
    properties !== undefined &&
    [allOf, anyOf, oneOf, not, schema.if, schema.dependentRequired, $ref].every((member) => member === undefined) &&
    (additionalProperties === undefined || additionalProperties === false)
  );
}

/** Moves a schema's `$defs` to the root of the input. Definitions of one name are the same: they are one document's. */
function hoist({ $defs, ...schema }: JsonSchema, into: Record<string, JsonSchema>): JsonSchema {
  Object.assign(into, $defs);
  // A body that is one reference is what it refers to.
  const name = typeof schema.$ref === "string" ? schema.$ref.replace("#/$defs/", "") : undefined;
  const target = name === undefined ? undefined : into[name];
  return target === undefined ? schema : { ...target, ...without$ref(schema) };
}

const without$ref = ({ $ref: _, ...rest }: JsonSchema): JsonSchema => rest;
