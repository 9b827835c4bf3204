import { ApiError } from "../errors.ts";
import type { Parameter, QueryPair } from "../operation.ts";
import { type Escape, escapeFor } from "./escape.ts";

/** What of a parameter says how it is written. The encoding of a form's field says the same. */
export type Written = Pick<Parameter, "name" | "style" | "explode" | "allowReserved" | "contentType">;

/** A value as text: nothing for null, JSON for what is nested. */
export const scalar = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A parameter with a media type of its own carries that type's text, whatever its style. */
const asContent = ({ contentType }: Written, value: unknown): unknown =>
  contentType === undefined || (typeof value === "string" && !/[/+]json\b/i.test(contentType))
    ? value
    : JSON.stringify(value);

/** The values of a list, or the names and values of an object, each escaped. */
function items(value: unknown, explode: boolean, written: Escape): string[] {
  if (Array.isArray(value)) return value.map((item) => written(scalar(item)));
  if (!isObject(value)) return [written(scalar(value))];
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return entries.flatMap(([key, item]) =>
    explode ? [`${written(key)}=${written(scalar(item))}`] : [written(key), written(scalar(item))],
  );
}

/**
 * A parameter in its place in the path: OpenAPI's styles simple, label and matrix.
 *
 * @throws ApiError for a value that would lead elsewhere
 */
export function pathSegment(field: string, parameter: Written, given: unknown): string {
  const { style, explode, name } = parameter;
  const written = escapeFor(field);
  const value = asContent(parameter, given);
  const parts = items(value, explode, written);
  const made =
    style === "matrix"
      ? matrix(written(name), parts, value, explode)
      : style === "label"
        ? `.${parts.join(explode ? "." : ",")}`
        : parts.join(",");
  if (made === "" || made === "." || made === "..")
    throw new ApiError(
      "invalid_input",
      `${field} may not be ${JSON.stringify(made)}: it is a part of the path and would lead elsewhere.`,
    );
  return made;
}

/** `;a=1,2`, exploded `;a=1;a=2`; an object exploded `;R=100;G=200`; nothing `;a`. */
function matrix(name: string, parts: readonly string[], value: unknown, explode: boolean): string {
  if (explode && isObject(value)) return parts.map((part) => `;${part}`).join("");
  if (explode && parts.length > 0) return parts.map((part) => matrixPair(name, part)).join("");
  return matrixPair(name, parts.join(","));
}

const matrixPair = (name: string, value: string): string => (value === "" ? `;${name}` : `;${name}=${value}`);

/** Written between the items of a list; as they are not part of an item, they are escaped once and for all. */
const JOINED_BY: Partial<Record<Parameter["style"], string>> = { spaceDelimited: "%20", pipeDelimited: "%7C" };

/** A parameter in the query: OpenAPI's styles form, spaceDelimited, pipeDelimited and deepObject. */
export function queryPairs(field: string, parameter: Written, given: unknown): QueryPair[] {
  const { name, style, explode, allowReserved } = parameter;
  const written = escapeFor(field, allowReserved);
  const value = asContent(parameter, given);
  const pair = (key: string, item: unknown): QueryPair => {
    const as = written(scalar(item));
    return allowReserved === true ? [key, scalar(item), as] : [key, scalar(item)];
  };
  if (style === "deepObject" && typeof value === "object" && value !== null)
    return bracketPairs(name, value).map(([key, item]) => pair(key, item));
  if (Array.isArray(value) && explode) return value.map((item) => pair(name, item));
  if (isObject(value) && explode)
    return Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [pair(key, item)]));
  if (typeof value !== "object" || value === null) return [pair(name, value)];
  const parts = items(value, false, written);
  const joiner = JOINED_BY[style] ?? ",";
  const plain = items(value, false, String).join(decodeURIComponent(joiner));
  return parts.length === 0 ? [] : [[name, plain, parts.join(joiner)]];
}

/**
 * `a[b][c]=1`, `a[]=1`, and `a[0][b]=1` where the items of a list are objects, which `a[][b]` could not keep apart. No
 * standard says so; it is how the servers that take brackets read them.
 */
export function bracketPairs(name: string, value: unknown): [name: string, value: unknown][] {
  if (Array.isArray(value))
    return value.flatMap((item, n) =>
      typeof item === "object" && item !== null
        ? bracketPairs(`${name}[${n}]`, item)
        : [[`${name}[]`, item] as [string, unknown]],
    );
  if (isObject(value)) return Object.entries(value).flatMap(([key, item]) => bracketPairs(`${name}[${key}]`, item));
  return value === undefined ? [] : [[name, value]];
}

/** A parameter in a header: style simple, which escapes nothing. @throws ApiError for what cannot stand on one line */
export function headerValue(field: string, parameter: Written, given: unknown): string {
  const value = asContent(parameter, given);
  const made = items(value, parameter.explode, (text) => text).join(",");
  // JSON has a spelling for everything that a header cannot carry.
  const fit = parameter.contentType === undefined ? made : made.replace(/[^\x20-\x7e]/g, asJsonEscape);
  // Tab and what is visible in ISO 8859-1: a line break would begin a header of the caller's own.
  if (!/^[\t\x20-\x7e\xa0-\xff]*$/.test(fit))
    throw new ApiError(
      "invalid_input",
      `${field} travels in a header and may hold neither line breaks nor characters beyond Latin-1.`,
    );
  return fit;
}

const asJsonEscape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
