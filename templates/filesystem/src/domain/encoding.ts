import { isAscii, isUtf8 } from "node:buffer";

export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "latin1";

/** Text is anything without NUL, unless a byte order mark says UTF-16. Undefined is binary. */
export function detectEncoding(bytes: Uint8Array): Encoding | undefined {
  const marked = markedEncoding(bytes);
  if (marked !== undefined) return marked;
  if (bytes.subarray(0, 8_192).includes(0)) return undefined;
  return isUtf8(bytes) ? "utf-8" : "latin1";
}

export function markedEncoding(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : undefined;
}

/** Byte order marks stay in the text, so that writing it again gives the same bytes. */
export function decode(bytes: Uint8Array, encoding: Encoding): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (encoding === "utf-16be")
    return Buffer.from(buffer.subarray(0, buffer.length & ~1))
      .swap16()
      .toString("utf16le");
  // Much text is ASCII, for which this is several times as fast.
  if (encoding === "utf-8" && isAscii(buffer)) return buffer.toString("latin1");
  return buffer.toString(encoding === "utf-8" ? "utf8" : encoding === "utf-16le" ? "utf16le" : "latin1");
}

/** Undefined where the encoding has no such character. */
export function encode(text: string, encoding: Encoding): Buffer | undefined {
  if (encoding === "utf-8") return Buffer.from(text, "utf8");
  if (encoding === "utf-16le") return Buffer.from(text, "utf16le");
  if (encoding === "utf-16be") return Buffer.from(text, "utf16le").swap16();
  return /^[\0-\xff]*$/.test(text) ? Buffer.from(text, "latin1") : undefined;
}

/** How many bytes at the end belong to a character that is cut in two. */
export function cutTail(bytes: Uint8Array, encoding: Encoding): number {
  if (encoding === "latin1") return 0;
  if (encoding === "utf-8") {
    for (let back = 1; back <= Math.min(3, bytes.length); back++) {
      const byte = bytes[bytes.length - back] ?? 0;
      if ((byte & 0xc0) === 0x80) continue;
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
      return needed > back ? back : 0;
    }
    return 0;
  }
  const odd = bytes.length & 1;
  const high = bytes[bytes.length - odd - (encoding === "utf-16le" ? 1 : 2)] ?? 0;
  return high >= 0xd8 && high <= 0xdb ? odd + 2 : odd;
}
