import type { JsonSchema } from "../operation.ts";

/** How a body of some media type is written. */
export type BodyKind = "json" | "lines" | "form" | "multipart" | "bytes" | "text";

const typeOf = (contentType: string): string => contentType.split(";")[0]?.trim().toLowerCase() ?? "";

/**
 * How a body is written, by its media type; for a range (`*` + `/*`) by its schema. JSON is YAML too, so what takes YAML
 * takes an object.
 */
export function bodyKind(contentType: string, schema: JsonSchema = {}): BodyKind {
  const type = typeOf(contentType);
  if (/[/+]json$/.test(type) || /[/+](x-)?yaml$/.test(type)) return "json";
  if (/[/+](x-ndjson|ndjson|jsonl|x-jsonlines|json-seq|jsonlines)$/.test(type)) return "lines";
  if (type === "application/x-www-form-urlencoded") return "form";
  if (type.startsWith("multipart/")) return "multipart";
  if (isBinary(schema)) return "bytes";
  if (type === "*/*" || type === "application/*") return schema.type === "string" ? "text" : "json";
  if (type.startsWith("text/") || /[/+](xml|javascript|graphql|sql|x-sh)$/.test(type)) return "text";
  return "bytes";
}

/** The type that is sent where the description names a range. */
export function sentType(contentType: string, kind: BodyKind): string {
  if (!contentType.includes("*")) return contentType;
  if (kind === "json") return "application/json";
  return kind === "text" ? "text/plain" : "application/octet-stream";
}

/** A string that stands for bytes: `format: binary` of OpenAPI 3.0, or 3.1's media type without an encoding. */
export function isBinary({ type, format, contentMediaType, contentEncoding }: JsonSchema): boolean {
  if (type !== undefined && type !== "string" && type !== "file" && !(Array.isArray(type) && type.includes("string")))
    return false;
  if (type === "file" || format === "binary") return true;
  return (
    typeof contentMediaType === "string" && contentEncoding === undefined && !/^text\/|json|xml/.test(contentMediaType)
  );
}

/** Best first: what a model fills in most easily, then what carries most. */
const ORDER: readonly RegExp[] = [
  /^application\/json$/,
  /^application\/merge-patch\+json$/,
  /[/+]json$/,
  /^(\*|application)\/\*$/,
  /^application\/x-www-form-urlencoded$/,
  /^multipart\//,
  /^text\//,
];

/** Which of several media types is taken when nobody says: JSON, merge-patch, form, multipart, text, in this order. */
export function preferredType(types: readonly string[]): string | undefined {
  // A list of edits is harder to write than the edited object, and its schema often says nothing.
  const rank = (type: string): number => {
    const name = typeOf(type);
    if (/^application\/(json-patch|strategic-merge-patch|apply-patch)\+/.test(name)) return ORDER.length;
    const found = ORDER.findIndex((pattern) => pattern.test(name));
    return found === -1 ? ORDER.length + 1 : found;
  };
  return [...types].sort((a, b) => rank(a) - rank(b))[0];
}
