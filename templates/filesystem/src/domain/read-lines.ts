import { decode, detectEncoding, type Encoding } from "./encoding.ts";
import { FilesError } from "./errors.ts";
import type { LinesPart, ReadLines } from "./files.ts";
import { binary, markOf, step } from "./range.ts";
import type { Reading } from "./read.ts";
import type { OpenFile } from "./safe-fs/safe-fs.ts";

export async function readLines(
  { safeFs, limits }: Reading,
  path: string,
  { offset, limit, signal }: ReadLines,
): Promise<LinesPart> {
  if (!Number.isSafeInteger(offset) || offset < 1 || !Number.isSafeInteger(limit) || limit < 1) {
    throw new FilesError("invalid", "offset and limit are whole numbers from 1.");
  }
  const file = safeFs.openFile(path);
  try {
    const marked = await markOf(file);
    const lines: LinesPart["lines"] = [];
    let number = 0;
    let left = limits.textBytes;
    for await (const bytes of linesOf(file, marked, limits.textBytes, signal)) {
      number++;
      if (number < offset) continue;
      if (lines.length === limit || (left < bytes.length && lines.length > 0)) return { lines, nextOffset: number };
      const encoding = marked ?? detectEncoding(bytes);
      if (encoding === undefined) throw binary(path);
      const text = decode(bytes, encoding);
      lines.push({ number, text: text.endsWith("\r") ? text.slice(0, -1) : text });
      left -= bytes.length;
    }
    return { lines, total: number };
  } finally {
    file.close();
  }
}

/** The lines of a file without what ends them; each at most `longest` bytes, the rest of it is left out. */
async function* linesOf(
  file: OpenFile,
  marked: Encoding | undefined,
  longest: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const wide = marked === undefined ? 1 : 2;
  const lineEnd = marked === undefined ? Buffer.from("\n") : Buffer.from("\n", "utf16le");
  if (marked === "utf-16be") lineEnd.swap16();
  const find = (bytes: Buffer, from: number): number => {
    let at = bytes.indexOf(lineEnd, from);
    while (at !== -1 && at % wide !== 0) at = bytes.indexOf(lineEnd, at + 1);
    return at;
  };
  const buffer = Buffer.allocUnsafe(step);
  let parts: Buffer[] = [];
  let kept = 0;
  const keep = (part: Buffer) => {
    const fits = part.subarray(0, Math.max(0, longest - kept));
    if (fits.length > 0) parts.push(Buffer.from(fits));
    kept += fits.length;
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
      yield Buffer.concat(parts);
      parts = [];
      kept = 0;
      from = end + wide;
    }
    keep(bytes.subarray(from));
    seen = from < count;
  }
  if (seen) yield Buffer.concat(parts);
}
