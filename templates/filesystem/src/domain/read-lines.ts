import { cursorAt } from "./cursor.ts";
import { detectEncoding, type Encoding, utf8 } from "./encoding.ts";
import { FilesError } from "./errors.ts";
import type { LinesPart, ReadLines } from "./files.ts";
import { binary, encodingMark, step } from "./range.ts";
import { namedIn, type Reading } from "./read.ts";
import type { OpenFile } from "./safe-fs/safe-fs.ts";

export async function readLines(
  reading: Reading,
  path: string,
  { offset, limit, maxBytes = reading.limits.pageBytes, encoding: asked, signal }: ReadLines,
): Promise<LinesPart> {
  const { safeFs, limits } = reading;
  if (!Number.isSafeInteger(offset) || offset < 1 || !Number.isSafeInteger(limit) || limit < 1) {
    throw new FilesError("invalid", "offset and limit are whole numbers from 1.");
  }
  const named = await namedIn(reading, asked);
  const file = safeFs.openFile(path);
  try {
    const marked = encodingMark(file) ?? (named.asked?.unit === 2 ? named.asked : undefined);
    const lines: LinesPart["lines"] = [];
    let number = 0;
    const cap = Math.min(maxBytes, limits.textBytes);
    let left = cap;
    for await (const { bytes, start, length } of linesOf(file, marked, cap, signal)) {
      number++;
      if (number < offset) continue;
      if (lines.length === limit || (left < bytes.length && lines.length > 0)) return { lines, nextOffset: number };
      const isWhole = length === bytes.length;
      const encoding =
        marked ?? detectEncoding(isWhole ? bytes : bytes.subarray(0, -utf8.cutTail(bytes) || undefined), named);
      if (encoding === undefined) throw binary(path);
      const used = isWhole ? bytes.length : bytes.length - encoding.cutTail(bytes);
      const text = encoding.decode(bytes.subarray(0, used));
      lines.push({
        number,
        text: isWhole && text.endsWith("\r") ? text.slice(0, -1) : text,
        ...(!isWhole && { restCursor: cursorAt(start + used, file) }),
      });
      left -= bytes.length;
    }
    return { lines, total: number };
  } finally {
    file.close();
  }
}

interface Line {
  /** As much of it as was asked for. */
  bytes: Buffer;
  /** Where it begins in the file, and how many bytes it has. */
  start: number;
  length: number;
}

/** The lines of a file without what ends them; each at most `longest` bytes. */
async function* linesOf(
  file: OpenFile,
  marked: Encoding | undefined,
  longest: number,
  signal?: AbortSignal,
): AsyncGenerator<Line> {
  const wide = marked?.unit ?? 1;
  const lineEnd = (marked ?? utf8).encode("\n") ?? Buffer.from("\n");
  const find = (bytes: Buffer, from: number): number => {
    let at = bytes.indexOf(lineEnd, from);
    while (at !== -1 && at % wide !== 0) at = bytes.indexOf(lineEnd, at + 1);
    return at;
  };
  const buffer = Buffer.allocUnsafe(step);
  let parts: Buffer[] = [];
  let [kept, start, length] = [0, 0, 0];
  const keep = (part: Buffer) => {
    const fits = part.subarray(0, Math.max(0, longest - kept));
    if (fits.length > 0) parts.push(Buffer.from(fits));
    kept += fits.length;
    length += part.length;
  };
  let seen = false;
  for (let position = 0; ; ) {
    signal?.throwIfAborted();
    const count = await file.read(buffer, position);
    if (count === 0) break;
    position += count;
    const bytes = buffer.subarray(0, count);
    let from = 0;
    for (let end = find(bytes, 0); end !== -1; end = find(bytes, from)) {
      keep(bytes.subarray(from, end));
      yield { bytes: Buffer.concat(parts), start, length };
      parts = [];
      from = end + wide;
      start += length + wide;
      [kept, length] = [0, 0];
    }
    keep(bytes.subarray(from));
    seen = from < count;
  }
  if (seen) yield { bytes: Buffer.concat(parts), start, length };
}
