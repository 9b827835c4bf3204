import { isAscii, isUtf8 } from "node:buffer";
import { FilesError } from "./errors.ts";

/** How bytes are text. Only what its caller names comes from a library, which is loaded then. */
export interface Encoding {
  /** As it is called in answers: utf-8, utf-16le, utf-16be, unknown-8bit, or what its caller named. */
  readonly name: string;
  /** Bytes of a line feed. */
  readonly unit: 1 | 2;
  /** The bytes of a character are never found inside of others, which is true of all but some of the East. */
  readonly aligned: boolean;
  /** A byte order mark stays in the text, so that writing it again gives the same bytes. */
  decode(bytes: Uint8Array): string;
  /** Undefined where it has not all of these characters. */
  encode(text: string): Buffer | undefined;
  /** How many bytes at the end belong to a character that is cut in two. */
  cutTail(bytes: Uint8Array): number;
}

const bufferOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const utf8: Encoding = {
  name: "utf-8",
  unit: 1,
  aligned: true,
  decode(bytes) {
    const buffer = bufferOf(bytes);
    // Much text is ASCII, for which this is several times as fast.
    return buffer.toString(isAscii(buffer) ? "latin1" : "utf8");
  },
  encode: (text) => Buffer.from(text, "utf8"),
  cutTail(bytes) {
    for (let back = 1; back <= Math.min(3, bytes.length); back++) {
      const byte = bytes[bytes.length - back] ?? 0;
      if ((byte & 0xc0) === 0x80) continue;
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
      return needed > back ? back : 0;
    }
    return 0;
  },
};

const utf16 = (name: "utf-16le" | "utf-16be"): Encoding => ({
  name,
  unit: 2,
  aligned: true,
  decode(bytes) {
    const buffer = bufferOf(bytes);
    if (name === "utf-16le") return buffer.toString("utf16le");
    return Buffer.from(buffer.subarray(0, buffer.length & ~1))
      .swap16()
      .toString("utf16le");
  },
  encode(text) {
    const bytes = Buffer.from(text, "utf16le");
    return name === "utf-16le" ? bytes : bytes.swap16();
  },
  cutTail(bytes) {
    const odd = bytes.length & 1;
    const high = bytes[bytes.length - odd - (name === "utf-16le" ? 1 : 2)] ?? 0;
    return high >= 0xd8 && high <= 0xdb ? odd + 2 : odd;
  },
});
const utf16le = utf16("utf-16le");
const utf16be = utf16("utf-16be");

/** Bytes that are no UTF-8, and nobody says what they are: shown as Latin-1, which keeps them apart. Only ASCII is written. */
export const unknown8bit: Encoding = {
  name: "unknown-8bit",
  unit: 1,
  aligned: true,
  decode: (bytes) => bufferOf(bytes).toString("latin1"),
  encode: (text) => (isAscii(Buffer.from(text)) ? Buffer.from(text, "latin1") : undefined),
  cutTail: () => 0,
};

/** What bytes are read as where they do not say themselves what they are. */
export interface Named {
  /** For this very file, whatever it looks like. */
  asked?: Encoding | undefined;
  /** For what is not UTF-8. */
  otherwise?: Encoding | undefined;
}

/** Text is anything without NUL, unless a byte order mark says UTF-16. Undefined is binary. */
export function detectEncoding(bytes: Uint8Array, { asked, otherwise }: Named = {}): Encoding | undefined {
  const marked = markedEncoding(bytes);
  if (marked !== undefined) return marked;
  if (asked?.unit === 2) return asked;
  if (bytes.subarray(0, 8_192).includes(0)) return otherwise?.unit === 2 ? otherwise : undefined;
  return asked ?? (isUtf8(bytes) ? utf8 : otherwise?.unit === 1 ? otherwise : unknown8bit);
}

export function markedEncoding(bytes: Uint8Array): Encoding | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return utf16le;
  return bytes[0] === 0xfe && bytes[1] === 0xff ? utf16be : undefined;
}

const own: Record<string, Encoding> = {
  utf8,
  utf16le,
  utf16be,
};

const loaded = new Map<string, Encoding>();

/** An encoding by its name. Undefined where none is named. What is none, or has no ASCII in it, is refused. */
export async function encodingNamed(name: string | undefined): Promise<Encoding | undefined> {
  if (name === undefined) return undefined;
  const bare = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const known = own[bare] ?? loaded.get(bare);
  if (known !== undefined) return known;
  const { libraryEncoding } = await import("./library-encoding.ts");
  const found = libraryEncoding(name);
  if (found === undefined) {
    const text = `There is no encoding ${JSON.stringify(name.slice(0, 40))} here. Name one such as windows-1252, gb18030, shift_jis, euc-kr or big5.`;
    throw new FilesError("invalid", text);
  }
  loaded.set(bare, found);
  return found;
}
