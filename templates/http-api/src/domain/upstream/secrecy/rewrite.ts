import { isAscii, isUtf8 } from "node:buffer";

/** Where a part of a view stood in the first text. */
export type Range = [start: number, end: number];

/** A text with some spelling undone, and where each part of it stood in the first text. */
export interface View {
  text: string;
  range(start: number, end: number): Range;
}

/** Takes code points that stand in the place of others. */
export interface Output {
  put(code: number): void;
}

/** Puts the characters that bytes are: UTF-8 where they are that, otherwise Latin-1. */
export function putBytes(bytes: Buffer, output: Output): void {
  if (isAscii(bytes)) {
    for (const byte of bytes) output.put(byte);
    return;
  }
  for (const character of bytes.toString(isUtf8(bytes) ? "utf8" : "latin1"))
    output.put(character.codePointAt(0) as number);
}

/** A kind of spelling. */
export interface Spelling {
  /** Where the next token may begin; -1 for nowhere. */
  find(text: string, from: number): number;
  /** Puts what the token at `at` stands for, and gives where it ends; `at` itself where there is none. */
  read(text: string, at: number, output: Output): number;
}

/** Longest text that is rewritten, in UTF-16 units: no spelling is shorter than what it stands for. */
export const MAX_REWRITTEN = 131_072;

/**
 * A view with every token replaced by what it stands for; `undefined` where there is none. Arrays of numbers and not
 * strings and lists: an answer can be a million tokens.
 */
export function rewrite(view: View, { find, read }: Spelling): View | undefined {
  const { text } = view;
  let next = find(text, 0);
  if (next < 0) return undefined;
  shared ??= { units: new Uint16Array(MAX_REWRITTEN), tokens: new Uint32Array(4 * MAX_REWRITTEN) };
  const { units, tokens } = shared;
  let length = 0;
  let count = 0;
  const output: Output = {
    put(code) {
      if (code > 0xffff) {
        units[length++] = 0xd800 + ((code - 0x1_0000) >> 10);
        units[length++] = 0xdc00 + ((code - 0x1_0000) & 0x3ff);
      } else units[length++] = code;
    },
  };
  for (let at = 0; at < text.length; next = find(text, at)) {
    const until = next < 0 ? text.length : next;
    for (; at < until; at += 1) units[length++] = text.charCodeAt(at);
    if (next < 0) break;
    const before = length;
    const end = read(text, at, output);
    if (end === at) {
      units[length++] = text.charCodeAt(at);
      at += 1;
      continue;
    }
    tokens[count] = before;
    tokens[count + 1] = length;
    tokens[count + 2] = at;
    tokens[count + 3] = end;
    count += 4;
    at = end;
  }
  if (count === 0) return undefined;
  const own = tokens.slice(0, count);
  const [first, last] = [(index: number) => originOf(own, index)[0], (index: number) => originOf(own, index)[1]];
  return {
    text: Buffer.from(units.buffer, 0, 2 * length).toString("utf16le"),
    range: (start, end) => view.range(first(start), last(end - 1)),
  };
}

// Used for one text after the other; its size is what a start need not pay for.
let shared: { units: Uint16Array<ArrayBuffer>; tokens: Uint32Array } | undefined;

/** Where the unit at an index of a rewritten text stood before. */
function originOf(tokens: Uint32Array, index: number): Range {
  let [low, high] = [0, tokens.length / 4];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[4 * middle] as number) <= index) low = middle + 1;
    else high = middle;
  }
  const [, to = 0, start = 0, end = 0] = low === 0 ? [] : tokens.subarray(4 * low - 4, 4 * low);
  return index < to ? [start, end] : [end + index - to, end + index - to + 1];
}
