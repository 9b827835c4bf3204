import { ApiError } from "../errors.ts";
import type { ApiRequest, Body } from "../operation.ts";
import { bodyKind, sentType } from "./body-kind.ts";
import { fileContent } from "./files.ts";
import { formText } from "./form.ts";
import { inCharset } from "./in-charset.ts";
import { describeBytes, multipartBody } from "./multipart.ts";

/** Writes a body as its media type wants it. @throws ApiError for a value that the type cannot carry */
export function bodyOf(body: Body, content: unknown): NonNullable<ApiRequest["body"]> {
  const made = textOf(body, content);
  const bytes = made.bytes ?? inCharset(made.text, made.contentType);
  return bytes === undefined ? made : { ...made, bytes };
}

function textOf(body: Body, content: unknown): NonNullable<ApiRequest["body"]> {
  const kind = bodyKind(body.contentType, body.schema);
  const contentType = sentType(body.contentType, kind);
  switch (kind) {
    case "json":
      return { contentType, text: JSON.stringify(content) };
    case "lines":
      return { contentType, text: linesOf(content) };
    case "form":
      if (typeof content === "string") return { contentType, text: content };
      return { contentType, text: formText(fieldsOf(contentType, content), body.encoding) };
    case "multipart": {
      const {
        contentType: type,
        bytes,
        shown,
      } = multipartBody(contentType, fieldsOf(contentType, content), body.schema, body.encoding);
      return { contentType: type, text: shown, bytes };
    }
    case "bytes": {
      const { bytes, contentType: own } = fileContent("body", content, "base64");
      return { contentType: own ?? contentType, text: describeBytes(bytes), bytes };
    }
    case "text":
      if (typeof content === "string") return { contentType, text: content };
      throw new ApiError("invalid_input", `The body travels as ${contentType.slice(0, 64)} and must be text.`);
  }
}

/** A line of JSON each: what bulk endpoints take. */
function linesOf(content: unknown): string {
  if (typeof content === "string") return content;
  return (Array.isArray(content) ? content : [content]).map((item) => `${JSON.stringify(item)}\n`).join("");
}

function fieldsOf(contentType: string, content: unknown): Record<string, unknown> {
  if (typeof content === "object" && content !== null && !Array.isArray(content))
    return content as Record<string, unknown>;
  throw new ApiError("invalid_input", `The body travels as ${contentType.slice(0, 64)} and must be an object.`);
}
