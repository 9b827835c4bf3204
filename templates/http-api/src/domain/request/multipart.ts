import { createHash } from "node:crypto";
import type { Encoding, JsonSchema } from "../operation.ts";
import { isBinary } from "./body-kind.ts";
import { fileContent } from "./files.ts";

/** A multipart body, and what to show of it: its text with files as their size and digest. */
export interface Multipart {
  contentType: string;
  bytes: Uint8Array;
  shown: string;
}

interface Part {
  head: string;
  bytes: Uint8Array;
  shown: string;
}

const asObject = (node: unknown): JsonSchema =>
  typeof node === "object" && node !== null && !Array.isArray(node) ? (node as JsonSchema) : {};

/** A schema that is one reference into its `$defs` is what that names. */
function rootOf({ $defs, ...schema }: JsonSchema): JsonSchema {
  const name = typeof schema.$ref === "string" ? schema.$ref.replace("#/$defs/", "") : "";
  return schema.properties === undefined && name !== "" ? asObject(asObject($defs)[name]) : schema;
}

/** Whether a property of a multipart body is a file, or a list of files. */
export function isFilePart(name: string, schema: unknown, encoding: Encoding | undefined): boolean {
  const node = asObject(schema);
  const items = node.type === "array" ? asObject(node.items) : node;
  if (isBinary(items)) return true;
  // Stripe's file is a string, as far as its description says.
  if (
    /(^|[_-])file$|[a-z]File$/i.test(name) &&
    items.type === "string" &&
    items.format === undefined &&
    items.enum === undefined
  )
    return true;
  // OpenAPI 3.1: a part without a schema is bytes where its type is none that a model writes.
  const type = encoding?.contentType ?? "";
  return (
    items.type === undefined &&
    Object.keys(items).every((key) => key === "description") &&
    type !== "" &&
    !/json|text|xml/i.test(type)
  );
}

/** `multipart/form-data` as OpenAPI has it: text as it is, objects as JSON, a part for each item of a list. */
export function multipartBody(
  contentType: string,
  content: Record<string, unknown>,
  schema: JsonSchema,
  encodings: Readonly<Record<string, Encoding>> = {},
): Multipart {
  const properties = asObject(rootOf(schema).properties);
  const parts = Object.entries(content).flatMap(([name, value]) => {
    const encoding = Object.hasOwn(encodings, name) ? encodings[name] : undefined;
    const isFile = isFilePart(name, Object.hasOwn(properties, name) ? properties[name] : undefined, encoding);
    const values = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
    return values.map((item) => (isFile ? filePart(name, item, encoding) : textPart(name, item, encoding)));
  });
  // Made of the content, so that it is in none of it, and the same when the request is sent again.
  const hash = createHash("sha256");
  for (const { head, bytes } of parts) hash.update(head).update(bytes);
  const boundary = `form-${hash.digest("hex").slice(0, 40)}`;
  const end = `--${boundary}--\r\n`;
  const framed = parts.flatMap(({ head, bytes }) => [
    Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`),
    bytes,
    Buffer.from("\r\n"),
  ]);
  return {
    contentType: `${contentType.split(";")[0]?.trim()}; boundary=${boundary}`,
    bytes: Buffer.concat([...framed, Buffer.from(end)]),
    shown: parts.map(({ head, shown }) => `--${boundary}\r\n${head}\r\n\r\n${shown}\r\n`).join("") + end,
  };
}

function textPart(name: string, value: unknown, encoding: Encoding | undefined): Part {
  const nested = typeof value === "object" && value !== null;
  const text = nested || /json/i.test(encoding?.contentType ?? "") ? JSON.stringify(value) : String(value);
  const type = encoding?.contentType?.split(",")[0]?.trim() ?? (nested ? "application/json" : undefined);
  return { head: headOf(name, undefined, type), bytes: Buffer.from(text), shown: text };
}

function filePart(name: string, value: unknown, encoding: Encoding | undefined): Part {
  const { bytes, filename = "file", contentType } = fileContent(name, value, "text");
  // `image/png, image/jpeg` says which are taken; the first is a guess no worse than bytes.
  const declared = encoding?.contentType?.split(",")[0]?.trim();
  const type =
    contentType ?? (declared === undefined || declared.includes("*") ? "application/octet-stream" : declared);
  return { head: headOf(name, filename, type), bytes, shown: describeBytes(bytes) };
}

/** Bytes in a text that people and programs compare: how many, and which. */
export const describeBytes = (bytes: Uint8Array): string =>
  `[${bytes.byteLength} bytes, sha256 ${createHash("sha256").update(bytes).digest("hex")}]`;

/** Names as browsers write them: a quote or a line break would end the header. */
const quote = (text: string): string => `"${text.replace(/\r\n|\r|\n/g, "%0D%0A").replaceAll('"', "%22")}"`;

function headOf(name: string, filename: string | undefined, type: string | undefined): string {
  const disposition = `Content-Disposition: form-data; name=${quote(name)}${filename === undefined ? "" : `; filename=${quote(filename)}`}`;
  return type === undefined ? disposition : `${disposition}\r\nContent-Type: ${type.replace(/[\r\n]/g, "")}`;
}
