import { ApiError } from "../errors.ts";
import type { Field } from "../openapi/inputs/flat-inputs.ts";
import type { ApiRequest, Operation, QueryPair } from "../operation.ts";
import { bodyOf } from "./body.ts";
import { headerValue, pathSegment, queryPairs } from "./parameters.ts";
import { wholeQuery } from "./whole-query.ts";

/** Characters of a path and query: servers refuse longer ones, each at a length of its own. */
const MAX_URL = 16_384;

/**
 * Makes a model's input into a request. Whatever the values hold, a path parameter stays in its segment, a header in
 * its line, and a query value in its pair. Required parameters that have a default are sent with it.
 *
 * @throws ApiError naming the field whose value cannot travel
 */
export function makeRequest(
  {
    id,
    method,
    path,
    body,
    server,
    schemes,
  }: Pick<Operation, "id" | "method" | "path" | "body" | "server" | "schemes">,
  fields: readonly Field[],
  input: Readonly<Record<string, unknown>>,
  { sendDefaults = false }: { sendDefaults?: boolean | undefined } = {},
): ApiRequest {
  const segments = new Map<string, string>();
  const [template, fixedQuery] = splitPath(path);
  const query: QueryPair[] = [...fixedQuery];
  const headers: Record<string, string> = {};
  const properties: [name: string, value: unknown][] = [];
  let whole: unknown;
  for (const field of fields) {
    const given = Object.hasOwn(input, field.name) ? input[field.name] : undefined;
    const value = given === undefined ? defaultOf(field, sendDefaults) : given;
    if (value === undefined) continue;
    if (field.to === "body") whole = value;
    else if (field.to === "property") properties.push([field.property, value]);
    else if (field.parameter.in === "path")
      segments.set(field.parameter.name, pathSegment(field.name, field.parameter, value));
    else if (field.parameter.in === "query") query.push(...queryPairs(field.name, field.parameter, value));
    else if (field.parameter.in === "querystring") query.push(...wholeQuery(field.name, field.parameter, value));
    else headers[field.parameter.name.toLowerCase()] = headerValue(field.name, field.parameter, value);
  }
  const long = query.reduce((sum, [name, value]) => sum + name.length + value.length + 2, path.length);
  if (long > MAX_URL)
    throw new ApiError(
      "invalid_input",
      `The query has ${long} characters; at most ${MAX_URL} characters travel in a URL.`,
    );
  const content = whole ?? (properties.length > 0 || body?.required ? Object.fromEntries(properties) : undefined);
  return {
    operation: id,
    method,
    path: template.replace(/\{([^{}]+)\}/g, (_whole, name: string) => {
      const filled = segments.get(name);
      if (filled === undefined) throw new ApiError("invalid_input", `${name} is needed: it is a part of the path.`);
      return filled;
    }),
    query,
    headers,
    body: body === undefined || content === undefined ? undefined : bodyOf(body, content),
    server,
    schemes,
  };
}

/**
 * The default that is sent for a parameter that is not given: of a required one, and of a header, where it is the
 * version of the API more often than not. Of the rest the API knows the default itself.
 */
function defaultOf(field: Field, all: boolean): unknown {
  if (field.to !== "parameter") return undefined;
  const { in: place, required, schema } = field.parameter;
  return place === "header" || required || all ? schema.default : undefined;
}

/** A path that brings a query of its own, as some descriptions have it. A fragment never travels. */
function splitPath(path: string): [template: string, query: QueryPair[]] {
  const [whole = ""] = path.split("#");
  const at = whole.indexOf("?");
  if (at === -1) return [whole, []];
  return [whole.slice(0, at), [...new URLSearchParams(whole.slice(at + 1))]];
}
