import { ApiError } from "./errors.ts";
import type { Field } from "./openapi/inputs.ts";
import type { ApiRequest, Operation, Parameter } from "./operation.ts";

type Pair = readonly [name: string, value: string];

/** Characters of a path and query: servers refuse longer ones, each at a length of its own. */
const MAX_URL = 16_384;

/**
 * Makes a model's input into a request. Whatever the values hold, a path parameter stays in its segment, a header in
 * its line, and a query value in its pair.
 *
 * @throws ApiError naming the field whose value cannot travel
 */
export function makeRequest(
  { id, method, path, body }: Pick<Operation, "id" | "method" | "path" | "body">,
  fields: readonly Field[],
  input: Readonly<Record<string, unknown>>,
): ApiRequest {
  const segments: Record<string, string> = {};
  const query: Pair[] = [];
  const headers: Record<string, string> = {};
  const properties: Record<string, unknown> = {};
  let whole: unknown;
  for (const field of fields) {
    const value = Object.hasOwn(input, field.name) ? input[field.name] : undefined;
    if (value === undefined) continue;
    if (field.to === "body") whole = value;
    else if (field.to === "property") properties[field.property] = value;
    else if (field.parameter.in === "path")
      segments[field.parameter.name] = segment(field.name, field.parameter, value);
    else if (field.parameter.in === "query") query.push(...queryPairs(field.parameter, value));
    else headers[field.parameter.name.toLowerCase()] = headerValue(field.name, field.parameter, value);
  }
  const long = query.reduce((sum, [name, value]) => sum + name.length + value.length + 2, path.length);
  if (long > MAX_URL)
    throw new ApiError(
      "invalid_input",
      `The query has ${long} characters; at most ${MAX_URL} characters travel in a URL.`,
    );
  const content = whole ?? (Object.keys(properties).length > 0 || body?.required ? properties : undefined);
  return {
    operation: id,
    method,
    path: path.replace(/\{([^{}]+)\}/g, (_whole, name: string) => {
      const filled = Object.hasOwn(segments, name) ? segments[name] : undefined;
      if (filled === undefined) throw new ApiError("invalid_input", `${name} is needed: it is a part of the path.`);
      return filled;
    }),
    query,
    headers,
    body: body === undefined || content === undefined ? undefined : bodyOf(body.contentType, content),
  };
}

function bodyOf(contentType: string, content: unknown): ApiRequest["body"] {
  if (/[/+]json\b/i.test(contentType)) return { contentType, text: JSON.stringify(content) };
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType) && typeof content === "object" && content !== null) {
    const pairs = Object.entries(content).flatMap(([name, value]) => nestedPairs(name, value));
    return {
      contentType,
      text: new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString(),
    };
  }
  if (typeof content === "string") return { contentType, text: content };
  throw new ApiError("invalid_input", `The body travels as ${contentType.slice(0, 64)} and must be text.`);
}

/** `a[b][c]=1`, `a[]=1`: how forms carry what is nested. No standard; the way most APIs that take forms read it. */
function nestedPairs(name: string, value: unknown): Pair[] {
  if (Array.isArray(value)) return value.flatMap((item) => nestedPairs(`${name}[]`, item));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, item]) => nestedPairs(`${name}[${key}]`, item));
  return value === undefined ? [] : [[name, scalar(value)]];
}

const scalar = (value: unknown): string =>
  value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);

/** encodeURIComponent leaves these, and `.` and `..` besides: a path made of them climbs. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

function segment(field: string, { style, explode, name }: Parameter, value: unknown): string {
  const parts = partsOf(value).map(([key, item]) =>
    key === undefined ? safe(field, item) : `${escaped(key)}${explode ? "=" : ","}${safe(field, item)}`,
  );
  const list = parts.join(explode && style !== "simple" ? (style === "label" ? "." : ";") : ",");
  const made = style === "label" ? `.${list}` : style === "matrix" ? `;${escaped(name)}=${list}` : list;
  if (made === "" || made === "." || made === "..")
    throw new ApiError(
      "invalid_input",
      `${field} may not be ${JSON.stringify(made)}: it is a part of the path and would lead elsewhere.`,
    );
  return made;
}

function safe(field: string, value: string): string {
  try {
    return escaped(value);
  } catch {
    throw new ApiError("invalid_input", `${field} holds half a character (a lone surrogate) and cannot travel.`);
  }
}

/** The values of a parameter, with their keys where it is an object. */
function partsOf(value: unknown): [key: string | undefined, value: string][] {
  if (Array.isArray(value)) return value.map((item) => [undefined, scalar(item)]);
  if (typeof value === "object" && value !== null)
    return Object.entries(value).map(([key, item]) => [key, scalar(item)]);
  return [[undefined, scalar(value)]];
}

const JOINED_BY: Partial<Record<Parameter["style"], string>> = { spaceDelimited: " ", pipeDelimited: "|" };

function queryPairs({ name, style, explode }: Parameter, value: unknown): Pair[] {
  if (Array.isArray(value))
    return explode
      ? value.map((item): Pair => [name, scalar(item)])
      : [[name, value.map(scalar).join(JOINED_BY[style] ?? ",")]];
  if (typeof value !== "object" || value === null) return [[name, scalar(value)]];
  const entries = Object.entries(value);
  if (style === "deepObject") return entries.flatMap(([key, item]) => nestedPairs(`${name}[${key}]`, item));
  if (explode) return entries.map(([key, item]): Pair => [key, scalar(item)]);
  return [[name, entries.flatMap(([key, item]) => [key, scalar(item)]).join(",")]];
}

function headerValue(field: string, { explode }: Parameter, value: unknown): string {
  const parts = partsOf(value).map(([key, item]) => (key === undefined ? item : `${key}${explode ? "=" : ","}${item}`));
  const made = parts.join(",");
  // Tab and what is visible in ISO 8859-1: a line break would begin a header of the caller's own.
  if (!/^[\t\x20-\x7e\xa0-\xff]*$/.test(made))
    throw new ApiError(
      "invalid_input",
      `${field} travels in a header and may hold neither line breaks nor characters beyond Latin-1.`,
    );
  return made;
}
