import { ApiError } from "../errors.ts";
import type { JsonSchema } from "../operation.ts";

/** Largest file that a request carries, in bytes: it comes through a model's call, as text or base64. */
const MAX_FILE_BYTES = 4_194_304;

/** A file as it travels. */
export interface FileContent {
  bytes: Uint8Array;
  filename: string | undefined;
  contentType: string | undefined;
}

const FIELDS: JsonSchema = {
  text: { type: "string", description: "What is in it, for a text file" },
  base64: { type: "string", description: "What is in it, in base64" },
  filename: { type: "string", description: "Its name" },
  content_type: { type: "string", description: "Its media type" },
};

/** What a model fills in for a file of a multipart body, and for a body that is bytes. */
export const FILE: JsonSchema = {
  type: ["string", "object"],
  description: "A file: its text, or an object with text or base64, filename and content_type",
  properties: FIELDS,
};
export const BYTES: JsonSchema = {
  type: ["string", "object"],
  description: "The bytes of the body in base64, or an object with text or base64, and content_type",
  properties: FIELDS,
};

/**
 * The bytes that a model's value stands for.
 *
 * @param plain what a bare string is
 * @throws ApiError for a value that is neither, no base64, or too large
 */
export function fileContent(field: string, value: unknown, plain: "text" | "base64"): FileContent {
  const given = typeof value === "string" ? { [plain]: value } : value;
  const { text, base64, filename, content_type: contentType } = (given ?? {}) as Record<string, unknown>;
  const wrong = (why: string) => new ApiError("invalid_input", `${field} ${why}`);
  if (typeof text !== "string" && typeof base64 !== "string")
    throw wrong(`is a file: give its ${plain}, or an object with text or base64.`);
  if (typeof text === "string" && typeof base64 === "string") throw wrong("has both text and base64. Give one.");
  if (typeof contentType === "string" && !/^[\w.+-]+\/[\w.+-]+(;[\x20-\x7e]*)?$/.test(contentType))
    throw wrong(`has the content_type ${JSON.stringify(contentType.slice(0, 60))}, which is no media type.`);
  const bytes = typeof text === "string" ? Buffer.from(text) : fromBase64(base64 as string);
  if (bytes === undefined) throw wrong("is not base64.");
  if (bytes.byteLength > MAX_FILE_BYTES)
    throw wrong(`has ${bytes.byteLength} bytes; at most ${MAX_FILE_BYTES} are sent.`);
  const named = (name: unknown): string | undefined => (typeof name === "string" && name !== "" ? name : undefined);
  return { bytes, filename: named(filename), contentType: named(contentType) };
}

/** Buffer.from would skip what is no base64 and send the rest. */
function fromBase64(text: string): Buffer | undefined {
  const clean = text.replace(/\s+/g, "");
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(clean) || clean.replace(/=+$/, "").length % 4 === 1) return undefined;
  return Buffer.from(clean, "base64");
}
