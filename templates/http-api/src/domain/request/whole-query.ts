import type { Parameter, QueryPair } from "../operation.ts";
import { bodyOf } from "./body.ts";
import { bodyKind } from "./body-kind.ts";
import { escapeFor } from "./escape.ts";
import { scalar } from "./parameters.ts";

/**
 * OpenAPI 3.2's `querystring`: a value that is the whole query, written as its media type says. A form is pairs; any
 * other text is escaped as one.
 */
export function wholeQuery(field: string, parameter: Parameter, value: unknown): QueryPair[] {
  const { contentType = "text/plain", schema, encoding } = parameter;
  const kind = bodyKind(contentType, schema);
  // A query is text, whatever a body of that type is.
  const text =
    kind === "form" || kind === "json" ? bodyOf({ contentType, schema, encoding }, value).text : scalar(value);
  if (text === "") return [];
  if (kind !== "form") return [["", text, escapeFor(field)(text)]];
  return text.split("&").map((pair): QueryPair => {
    const at = pair.includes("=") ? pair.indexOf("=") : pair.length;
    const [name, written] = [pair.slice(0, at), pair.slice(at + 1)];
    return [decode(name), decode(written), written];
  });
}

/** A form that a caller wrote as text may hold any percent sign. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
