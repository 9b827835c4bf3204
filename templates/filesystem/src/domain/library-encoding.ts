import iconv from "iconv-lite";
import type { Encoding } from "./encoding.ts";

const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join("");

/** One of the library's, for reading and writing alike: two libraries mean different bytes by one name. */
export function libraryEncoding(name: string): Encoding | undefined {
  if (/^utf/i.test(name) || !iconv.encodingExists(name)) return undefined;
  const decode = (bytes: Uint8Array) => iconv.decode(bytes, name, { stripBOM: false });
  const encode = (text: string) => {
    const bytes = iconv.encode(text, name);
    // What it has not, it writes as "?".
    return decode(bytes) === text ? bytes : undefined;
  };
  // What is no text, such as base64, or has other bytes for ASCII, such as EBCDIC, would break lines and globs.
  if (decode(Buffer.from(ascii, "latin1")) !== ascii || !encode(ascii)?.equals(Buffer.from(ascii, "latin1")))
    return undefined;
  /** Whether bytes end within a character. */
  const isCut = (bytes: Uint8Array): boolean => {
    const decoder = iconv.getDecoder(name, { stripBOM: false });
    decoder.write(Buffer.from(bytes));
    return Boolean(decoder.end());
  };
  const single = !Array.from({ length: 128 }, (_, index) => Uint8Array.of(128 + index)).some(isCut);
  return {
    name: name.toLowerCase(),
    unit: 1,
    aligned: single,
    decode,
    encode,
    cutTail(bytes) {
      if (single) return 0;
      for (let cut = 0; cut < 4; cut++) if (!isCut(bytes.subarray(0, bytes.length - cut))) return cut;
      return 0;
    },
  };
}
