import type { JsonSchema, Operation, Parameter } from "../operation.ts";
import { reachable } from "./schemas.ts";
import { describeFields } from "./texts.ts";

/** Where one field of a model's input goes. */
export type Field =
  | { name: string; to: "parameter"; parameter: Parameter }
  /** A property of the JSON body. */
  | { name: string; to: "property"; property: string }
  | { name: string; to: "body" };

/** What a model fills in for an operation: one flat object, and where each of its fields goes. */
export interface Inputs {
  schema: JsonSchema & { type: "object" };
  fields: readonly Field[];
}

/**
 * Headers that are the client's own, or that change what a request is after all was decided: its method, host, length,
 * encoding, credentials and the way it takes. A model never sets them, whatever a description says.
 */
const OWN_HEADERS = new RegExp(
  `^(${[
    ...["x-http-method(-.*)?", "x-method(-.*)?", "x-original-.*", "x-rewrite-.*", "x-override-.*"],
    ...[
      "host",
      "x-host",
      "x-forwarded(-.*)?",
      "forwarded",
      "via",
      "x-real-ip",
      "(x|true|cf|fastly)-(cluster-)?(client|connecting)-ip",
    ],
    ...["content-.*", "transfer-encoding", "accept(-encoding)?", "te", "trailer", "expect", "max-forwards"],
    ...["authorization", "x-authorization", "proxy-.*", "cookie2?", "set-cookie2?", "idempotency-key"],
    ...["connection", "keep-alive", "upgrade", "http2-settings"],
  ].join("|")})$`,
  "i",
);

/** Some servers read `X_HTTP_METHOD_OVERRIDE` as if it had dashes. */
const isOwnHeader = (name: string): boolean => OWN_HEADERS.test(name.trim().replaceAll("_", "-"));

/**
 * Makes an operation's parameters and body into one flat object. Parameters keep their names where they can; where two
 * would have one name, the later says where it stands: `id`, then `query_id` or `body_id`. Cookies and the client's own
 * headers are left out.
 */
export function flatInputs({ parameters, body }: Pick<Operation, "parameters" | "body">): Inputs {
  const fields: Field[] = [];
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  const definitions: Record<string, JsonSchema> = {};

  const add = (wanted: string, place: string, schema: JsonSchema, must: boolean, field: (name: string) => Field) => {
    const name = freeName(wanted, place, properties);
    properties[name] = schema;
    if (must) required.push(name);
    fields.push(field(name));
  };

  for (const parameter of parameters) {
    if (parameter.in === "cookie" || (parameter.in === "header" && isOwnHeader(parameter.name))) continue;
    const schema = hoist(parameter.schema, definitions);
    const described = parameter.description === undefined ? schema : { ...schema, description: parameter.description };
    add(parameter.name, parameter.in, described, parameter.required, (name) => ({ name, to: "parameter", parameter }));
  }
  if (body !== undefined) {
    const schema = hoist(body.schema, definitions);
    const inner = schema.properties as Record<string, JsonSchema> | undefined;
    if (isFlat(schema) && inner !== undefined && !/^multipart\//i.test(body.contentType)) {
      const musts = new Set((schema.required as string[] | undefined) ?? []);
      for (const [property, item] of Object.entries(inner)) {
        const must = body.required && musts.has(property);
        add(property, "body", item, must, (name) => ({ name, to: "property", property }));
      }
    } else {
      add("body", "request", { description: "The body of the request", ...schema }, body.required, (name) => ({
        name,
        to: "body",
      }));
    }
  }
  const used = reachable(properties, definitions);
  const schema = describeFields({
    type: "object",
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
    ...(Object.keys(used).length === 0 ? {} : { $defs: used }),
  });
  return { schema: schema as Inputs["schema"], fields };
}

/** An object whose fields can stand beside the parameters: nothing in it is said of the object as a whole. */
function isFlat(schema: JsonSchema): boolean {
  const { type, properties, allOf, anyOf, oneOf, not, additionalProperties, $ref } = schema;
  return (
    (type === "object" || type === undefined) &&
    properties !== undefined &&
    [allOf, anyOf, oneOf, not, $ref].every((member) => member === undefined) &&
    (additionalProperties === undefined || additionalProperties === false)
  );
}

/** What models' providers accept as the name of a field. */
function freeName(wanted: string, place: string, taken: Record<string, unknown>): string {
  const safe = wanted.replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, 64) || "field";
  const candidates = [safe, `${place}_${safe}`.slice(0, 64)];
  const free = candidates.find((name) => !Object.hasOwn(taken, name) && name !== "__proto__");
  if (free !== undefined) return free;
  for (let n = 2; ; n += 1) {
    const name = `${safe.slice(0, 60)}_${n}`;
    if (!Object.hasOwn(taken, name)) return name;
  }
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
