import { ApiError } from "../errors.ts";
import type { Body, JsonSchema, Operation, Parameter, ParameterPlace } from "../operation.ts";
import type { Document } from "./read.ts";
import { follow, standAlone } from "./schemas.ts";

const METHODS = ["get", "head", "post", "put", "patch", "delete"] as const;

/** What a list of operations needs to know of each: its schemas are read when somebody asks for it. */
export type OperationEntry = Pick<
  Operation,
  "id" | "method" | "path" | "summary" | "description" | "tags" | "deprecated"
>;

/** The operations of an API. */
export interface Operations {
  readonly entries: readonly OperationEntry[];
  /** One operation with its schemas. @throws ApiError for an id that is not there */
  get(id: string): Operation;
}

/** Lists the operations of a document; a large one has thousands, so each is read in full only when it is asked for. */
export function listOperations(document: Document): Operations {
  const nodes = new Map<string, { entry: OperationEntry; item: Record<string, unknown>; node: Json }>();
  for (const [path, found] of Object.entries(document.paths ?? {})) {
    const item = follow(document, found);
    for (const method of METHODS) {
      const node = item[method] as Json | undefined;
      if (node === undefined) continue;
      const id = typeof node.operationId === "string" ? node.operationId : `${method} ${path}`;
      if (nodes.has(id)) throw new ApiError("description_invalid", `Two operations have the id ${JSON.stringify(id)}.`);
      nodes.set(id, { entry: entryOf(id, method, path, node), item, node });
    }
  }
  const credentials = credentialNames(document);
  return {
    entries: [...nodes.values()].map(({ entry }) => entry),
    get(id) {
      const found = nodes.get(id);
      if (found === undefined)
        throw new ApiError("unknown_operation", `The API has no operation ${JSON.stringify(id)}.`);
      const { entry, item, node } = found;
      return {
        ...entry,
        parameters: parametersOf(document, item, node).filter((parameter) => !credentials.has(placed(parameter))),
        body: requestBodyOf(document, node),
        reply: replyOf(document, node),
      };
    },
  };
}

type Json = Record<string, unknown>;

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;

const entryOf = (id: string, method: string, path: string, node: Json): OperationEntry => ({
  id,
  method: method.toUpperCase() as Operation["method"],
  path,
  summary: text(node.summary),
  description: text(node.description),
  tags: Array.isArray(node.tags) ? node.tags.map(String) : [],
  deprecated: node.deprecated === true,
});

/** A parameter's identity in OpenAPI; headers have no case. */
const placed = ({ in: place, name }: { in: string; name: string }): string =>
  `${place} ${place === "header" ? name.toLowerCase() : name}`;

/** Where API keys travel. They are the server's to set: as a parameter, a model would be asked to fill one in. */
function credentialNames(document: Document): ReadonlySet<string> {
  const { securitySchemes = {} } = (document.components ?? {}) as { securitySchemes?: Json };
  const schemes = Object.values(securitySchemes).map((found) => follow(document, found));
  return new Set(schemes.filter(({ type }) => type === "apiKey").map((scheme) => placed(scheme as never)));
}

/** Those of the path, with the operation's own in their place where both name one. */
function parametersOf(document: Document, item: Json, node: Json): Parameter[] {
  const byPlace = new Map<string, Parameter>();
  for (const list of [item.parameters, node.parameters]) {
    for (const found of Array.isArray(list) ? list : []) {
      const parameter = parameterOf(document, follow(document, found));
      byPlace.set(placed(parameter), parameter);
    }
  }
  return [...byPlace.values()];
}

function parameterOf(document: Document, node: Json): Parameter {
  const place = node.in as ParameterPlace;
  const style = (text(node.style) ??
    (place === "query" || place === "cookie" ? "form" : "simple")) as Parameter["style"];
  // A parameter may be described by a media type instead; its value is that type's text then.
  const described = node.schema ?? (Object.values((node.content ?? {}) as Json)[0] as Json | undefined)?.schema;
  return {
    name: String(node.name),
    in: place,
    required: node.required === true || place === "path",
    description: text(node.description),
    schema: standAlone(document, described, "request"),
    style,
    explode: typeof node.explode === "boolean" ? node.explode : style === "form",
  };
}

function requestBodyOf(document: Document, node: Json): Operation["body"] {
  if (node.requestBody === undefined) return undefined;
  const body = follow(document, node.requestBody);
  const chosen = chooseContent(document, body.content, "request");
  return chosen === undefined ? undefined : { ...chosen, required: body.required === true };
}

function replyOf(document: Document, node: Json): Body | undefined {
  const replies = Object.entries((node.responses ?? {}) as Json).filter(([status]) => /^2(\d\d|XX)$/.test(status));
  for (const [, found] of replies.sort(([a], [b]) => a.localeCompare(b))) {
    const chosen = chooseContent(document, follow(document, found).content, "reply");
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}

/** JSON where it is offered: it is what a model can fill in and read. */
function chooseContent(document: Document, content: unknown, direction: "request" | "reply"): Body | undefined {
  const types = Object.entries((content ?? {}) as Record<string, Json>);
  const [contentType, media] =
    types.find(([type]) => /^application\/json\b/i.test(type)) ??
    types.find(([type]) => /[/+]json\b/i.test(type)) ??
    types.find(([type]) => /^application\/x-www-form-urlencoded\b/i.test(type)) ??
    types[0] ??
    [];
  if (contentType === undefined) return undefined;
  const schema: JsonSchema = standAlone(document, media?.schema, direction);
  return { contentType, schema };
}
