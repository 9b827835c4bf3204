import { ENTITIES } from "./entities.ts";
import { digit, hex } from "./hex.ts";
import { plainOf } from "./plain.ts";
import { type Output, putBytes, type Spelling } from "./rewrite.ts";

/** The next is often near, where asking the engine costs more than looking; else it is faster. */
const NEAR = 32;

function escapes(begin: RegExp): Spelling {
  const begins = Uint8Array.from({ length: 128 }, (_, code) => (String.fromCharCode(code).search(begin) === 0 ? 1 : 0));
  const others = "\u00ff".search(begin) === 0 ? 1 : 0;
  return {
    find(text, from) {
      const near = Math.min(from + NEAR, text.length);
      for (let at = from; at < near; at += 1) if ((begins[text.charCodeAt(at)] ?? others) === 1) return at;
      begin.lastIndex = near;
      return begin.test(text) ? begin.lastIndex - 1 : -1;
    },
    read(text, at, output) {
      const code = text.charCodeAt(at);
      if (code === 0x5c) return readBackslash(text, at, output);
      if (code === 0x25) return readPercent(text, at, output);
      if (code === 0x26) return readEntity(text, at, output);
      return readUnseen(text, at, output);
    },
  };
}

/** One layer of the escapes of JSON and JavaScript, URLs and HTML, and of what no reader sees: all at once. */
export const allEscapes = escapes(/[\\%&]|[^\x20-\x7e]/g);
/** Backslashes escape themselves: inside another spelling, or around it, it matters which are undone first. */
export const backslashes = escapes(/\\/g);
export const otherEscapes = escapes(/[%&]|[^\x20-\x7e]/g);

const MEANT: Record<string, number | undefined> = Object.fromEntries(
  Object.entries({ b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", "/": "/", "'": "'" }).map(
    ([written, meant]) => [written, meant.charCodeAt(0)],
  ),
);
const DIGITS: Record<string, number | undefined> = { u: 4, x: 2, U: 8 };

/** `\u0041`, `\u{41}`, `\U00000041`, `\x41`, `\101`, `\/`. */
function readBackslash(text: string, at: number, output: Output): number {
  const kind = text[at + 1] ?? "";
  const plain = MEANT[kind];
  if (plain !== undefined) {
    output.put(plain);
    return at + 2;
  }
  if (kind >= "0" && kind <= "7") return readOctal(text, at, output);
  const digits = DIGITS[kind];
  if (digits === undefined) return at;
  if (kind === "u" && text[at + 2] === "{") {
    let close = at + 3;
    while (close < at + 9 && digit(text, close) >= 0) close += 1;
    return close > at + 3 && text[close] === "}" ? put(hex(text, at + 3, close - at - 3), at, close + 1, output) : at;
  }
  return put(hex(text, at + 2, digits), at, at + 2 + digits, output);
}

function put(code: number, at: number, end: number, output: Output): number {
  if (code < 0 || code > 0x10_ffff) return at;
  output.put(code);
  return end;
}

/** Up to three digits, as C and the shells have it. */
function readOctal(text: string, at: number, output: Output): number {
  let code = 0;
  let end = at + 1;
  while (end < at + 4 && text.charCodeAt(end) >= 0x30 && text.charCodeAt(end) <= 0x37 && code < 32)
    code = code * 8 + text.charCodeAt(end++) - 0x30;
  output.put(code);
  return end;
}

/** `%41`, however often the percent sign was itself encoded, and `%u0041` of JavaScript's `escape`. */
function readPercent(text: string, at: number, output: Output): number {
  const digits = afterPercent(text, at);
  const isUnit = text.charCodeAt(digits) === 0x75;
  const code = isUnit ? hex(text, digits + 1, 4) : hex(text, digits, 2);
  // No digits after all: the last `25` stands for the percent sign itself.
  if (code < 0) return digits === at + 1 ? at : put(0x25, at, digits, output);
  if (isUnit) return put(code, at, digits + 5, output);
  if (code < 0x80) return put(code, at, digits + 2, output);
  // The bytes of one character, or of many, belong together.
  const bytes = [code];
  let end = digits + 2;
  while (text.charCodeAt(end) === 0x25) {
    const inner = afterPercent(text, end);
    const byte = hex(text, inner, 2);
    if (byte < 0x80) break;
    bytes.push(byte);
    end = inner + 2;
  }
  putBytes(Buffer.from(bytes), output);
  return end;
}

/** Past `%`, `%25`, `%2525`. */
function afterPercent(text: string, at: number): number {
  let end = at + 1;
  while (text.charCodeAt(end) === 0x32 && text.charCodeAt(end + 1) === 0x35) end += 2;
  return end;
}

/** `&#65;`, `&#x41;`, `&amp;`. Browsers do without the semicolon, but not where what follows may be an escape. */
function readEntity(text: string, at: number, output: Output): number {
  NAMED.lastIndex = at;
  const found = NAMED.exec(text);
  if (found === null) return at;
  const [whole, decimal, hexadecimal, name] = found;
  const code =
    name === undefined
      ? Number.parseInt(decimal ?? hexadecimal ?? "", decimal === undefined ? 16 : 10)
      : (ENTITIES[name] ?? -1);
  return put(code, at, at + whole.length, output);
}

const NAMED = /&(?:#0*(\d{1,7})|#[xX]0*([0-9a-fA-F]{1,6})|([A-Za-z]{2,16}))(?:;|(?![\w\\%&]))/y;

/** Characters that no reader sees, lines that are folded, and forms of ASCII that only look another way. */
function readUnseen(text: string, at: number, output: Output): number {
  const code = text.codePointAt(at) as number;
  if (code === 0x0d && text.charCodeAt(at + 1) !== 0x0a) return at;
  if (code === 0x0d || code === 0x0a) {
    let end = at + (code === 0x0d ? 2 : 1);
    while (text.charCodeAt(end) === 0x20 || text.charCodeAt(end) === 0x09) end += 1;
    return end;
  }
  // Fullwidth, in one step: it is the most usual.
  const plain = code > 0xff00 && code < 0xff5f ? code - 0xfee0 : plainOf(code);
  if (plain === code) return at;
  if (plain !== undefined) output.put(plain);
  return at + (code > 0xffff ? 2 : 1);
}
