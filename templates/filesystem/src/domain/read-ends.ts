import { cursorAt } from "./cursor.ts";
import { detectEncoding, type Named } from "./encoding.ts";
import type { TextPart } from "./files.ts";
import { binary, decodePart, encodingMark, readRange, step } from "./range.ts";
import type { OpenFile } from "./safe-fs/safe-fs.ts";

interface Ends {
  cap: number;
  named: Named;
  signal: AbortSignal | undefined;
}

export async function readHead(
  file: OpenFile,
  path: string,
  lines: number,
  { cap, named, signal }: Ends,
): Promise<TextPart> {
  const { size } = file.facts;
  let length = Math.min(step, cap);
  for (;;) {
    const bytes = await readRange(file, 0, length, signal);
    const atEnd = bytes.length < length;
    const { text, encoding, used } = await decodePart(file, path, bytes, 0, { atEnd, named });
    const end = endOfLine(text, lines);
    if (end === undefined && !atEnd && length < cap) {
      length = Math.min(4 * length, cap);
      continue;
    }
    const complete = end !== undefined || atEnd || bytes.length >= size;
    const rest = !complete && { nextCursor: cursorAt(used, file) };
    return { text: text.slice(0, end), size, encoding, truncated: !complete, ...rest };
  }
}

/** Where the line of a number ends, without what ends it. */
function endOfLine(text: string, lines: number): number | undefined {
  if (lines === 0) return 0;
  let at = -1;
  for (let line = 0; line < lines; line++) {
    at = text.indexOf("\n", at + 1);
    if (at === -1) return undefined;
  }
  return text[at - 1] === "\r" ? at - 1 : at;
}

export async function readTail(
  file: OpenFile,
  path: string,
  lines: number,
  { cap, named, signal }: Ends,
): Promise<TextPart> {
  const { size } = file.facts;
  const marked = encodingMark(file);
  const wide = marked?.unit === 2 || named.asked?.unit === 2;
  let length = Math.min(step, cap, size);
  for (;;) {
    let from = size - length;
    if (wide && from % 2 === 1) from++;
    const bytes = await readRange(file, from, size - from, signal);
    // The first character may be cut in two; a whole line begins behind a line end anyway.
    let skip = from === 0 || wide ? 0 : leadingCut(bytes);
    const encoding = marked ?? detectEncoding(bytes.subarray(skip), named);
    if (encoding === undefined) throw binary(path);
    if (from > 0 && !encoding.aligned) skip = bytes.indexOf("\n") + 1;
    const text = encoding.decode(bytes.subarray(skip)).replace(/\r?\n$/, "");
    const start = lines === 0 ? text.length : startOfLast(text, lines);
    const complete = start !== undefined || from === 0;
    if (!complete && length < cap) {
      length = Math.min(length * 4, cap, size);
      continue;
    }
    return { text: text.slice(start ?? 0), size, encoding: encoding.name, truncated: !complete };
  }
}

function leadingCut(bytes: Uint8Array): number {
  let skip = 0;
  while (skip < 3 && ((bytes[skip] ?? 0) & 0xc0) === 0x80) skip++;
  return skip;
}

function startOfLast(text: string, lines: number): number | undefined {
  let at = text.length;
  for (let line = 0; line < lines; line++) {
    at = at === 0 ? -1 : text.lastIndexOf("\n", at - 1);
    if (at === -1) return undefined;
  }
  return at + 1;
}
