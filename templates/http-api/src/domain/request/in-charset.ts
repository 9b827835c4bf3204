import { ApiError } from "../errors.ts";

const charsetOf = (contentType: string): string =>
  /;\s*charset\s*=\s*["']?([\w.:+-]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? "utf-8";

type Write = (text: string) => Uint8Array | undefined;

/** How a text is written, by the charset's name. Of the many, those that Node writes by itself. */
const WRITERS: Record<string, Write | undefined> = {
  "utf-16le": (text) => Buffer.from(text, "utf16le"),
  "utf-16be": (text) => Buffer.from(text, "utf16le").swap16(),
  // The mark tells a reader the order of the bytes.
  "utf-16": (text) => Buffer.from(`\ufeff${text}`, "utf16le").swap16(),
  "iso-8859-1": (text) => (/^[\0-\xff]*$/.test(text) ? Buffer.from(text, "latin1") : undefined),
  "us-ascii": (text) => (/^[\0-\x7f]*$/.test(text) ? Buffer.from(text, "latin1") : undefined),
};
const SAME: Record<string, string | undefined> = { latin1: "iso-8859-1", ascii: "us-ascii", utf8: "utf-8" };

const writerOf = (contentType: string): { charset: string; write: Write | undefined } => {
  const said = charsetOf(contentType);
  const charset = SAME[said] ?? said;
  return { charset, write: Object.hasOwn(WRITERS, charset) ? WRITERS[charset] : undefined };
};

/** Whether a text can be sent in the charset of a media type; one that names none is in UTF-8. */
export function isWritable(contentType: string): boolean {
  const { charset, write } = writerOf(contentType);
  return charset === "utf-8" || write !== undefined;
}

/**
 * A text in the charset of its media type; `undefined` where that is UTF-8, as which it is sent anyway.
 *
 * @throws ApiError for a character that the charset does not have
 */
export function inCharset(text: string, contentType: string): Uint8Array | undefined {
  const { charset, write } = writerOf(contentType);
  if (write === undefined) return undefined;
  const bytes = write(text);
  if (bytes !== undefined) return bytes;
  throw new ApiError("invalid_input", `The body travels in ${charset} and may hold no other characters.`);
}
