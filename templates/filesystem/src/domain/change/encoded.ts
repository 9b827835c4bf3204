import { isAscii, isUtf8 } from "node:buffer";
import { type Encoding, unknown8bit } from "../encoding.ts";
import { FilesError } from "../errors.ts";
import { showPath } from "../safe-fs/refusals.ts";

/** A text in the encoding of a file. What it cannot hold is refused by name. `copied` is text that stands there already. */
export function encodedFor(encoding: Encoding, text: string, path: string, copied = ""): Buffer {
  const bytes = encoding.encode(text);
  if (bytes !== undefined) return bytes;
  if (encoding === unknown8bit) {
    // What was read as Latin-1 and comes back is the same bytes, whatever they mean.
    const strange = firstOf(text, (sign) => sign > "\x7f" && !copied.includes(sign));
    if (strange === undefined) return Buffer.from(text, "latin1");
    throw new FilesError(
      "invalid",
      `${showPath(path)} is not UTF-8, and what it is in is not known, so ${JSON.stringify(strange)} cannot be written to it. Nothing was changed. Say what it is in by encoding, such as windows-1252.`,
    );
  }
  const missing = firstOf(text, (sign) => encoding.encode(sign) === undefined) ?? "";
  throw new FilesError(
    "invalid",
    `${showPath(path)} is in ${encoding.name}, which has no ${JSON.stringify(missing)}. Nothing was changed. Write it without, or the whole file in utf-8.`,
  );
}

function firstOf(text: string, test: (sign: string) => boolean): string | undefined {
  for (const sign of text) if (test(sign)) return sign;
  return undefined;
}

/** What is UTF-8 already gets nothing of another encoding into it, whatever its caller says. */
export function refuseMixing(bytes: Uint8Array, { name, unit }: Encoding, path: string): void {
  if (name === "utf-8" || unit === 2 || isAscii(bytes) || !isUtf8(bytes)) return;
  throw new FilesError(
    "invalid",
    `${showPath(path)} is in UTF-8, not in ${name}. Nothing was changed. Leave encoding out.`,
  );
}
