import { cursorAt, offsetOf } from "./cursor.ts";
import { encodingNamed, type Named } from "./encoding.ts";
import { FilesError } from "./errors.ts";
import type { FileBytes, FilesLimits, ReadText, TextPart, Waiting } from "./files.ts";
import { mimeTypeOf } from "./mime.ts";
import { decodePart, readRange, sha256Of } from "./range.ts";
import { readHead, readTail } from "./read-ends.ts";
import { showPath } from "./safe-fs/refusals.ts";
import type { OpenFile, SafeFs } from "./safe-fs/safe-fs.ts";

export interface Reading {
  safeFs: SafeFs;
  limits: FilesLimits;
  /** What files are in that are not UTF-8. */
  encoding: string | undefined;
}

export async function namedIn({ encoding }: Reading, asked: string | undefined): Promise<Named> {
  if (asked === undefined && encoding === undefined) return {};
  return { asked: await encodingNamed(asked), otherwise: await encodingNamed(encoding) };
}

export async function readText(reading: Reading, path: string, options: ReadText = {}): Promise<TextPart> {
  const { safeFs, limits } = reading;
  const { head, tail, cursor, maxBytes = limits.pageBytes, signal } = options;
  if ([head, tail, cursor].filter((one) => one !== undefined).length > 1) {
    throw new FilesError("invalid", "Give only one of head, tail and cursor.");
  }
  const named = await namedIn(reading, options.encoding);
  const file = safeFs.openFile(path);
  try {
    const cap = Math.min(maxBytes, limits.textBytes);
    const { size } = file.facts;
    if (head !== undefined) return await readHead(file, path, head, { cap, named, signal });
    if (tail !== undefined) return await readTail(file, path, tail, { cap, named, signal });
    const from = cursor === undefined ? 0 : offsetOf(cursor, file, path);
    const bytes = await readRange(file, from, cap, signal);
    const atEnd = bytes.length < cap || from + bytes.length >= size;
    const { text, encoding, used } = await decodePart(file, path, bytes, from, { atEnd, named });
    const next = from + used;
    return {
      text,
      size: Math.max(size, next),
      encoding,
      ...(from === 0 && atEnd && { sha256: sha256Of(bytes) }),
      truncated: !atEnd,
      ...(!atEnd && { nextCursor: cursorAt(next, file) }),
    };
  } finally {
    file.close();
  }
}

export async function readBytes(
  { safeFs, limits }: Reading,
  path: string,
  { signal }: Waiting = {},
): Promise<FileBytes> {
  const file = safeFs.openFile(path);
  try {
    const { size } = file.facts;
    if (size > limits.binaryBytes) {
      throw new FilesError(
        "too_large",
        `${showPath(path)} has ${size} bytes, more than the ${limits.binaryBytes} that are answered whole.`,
      );
    }
    const bytes = await readRange(file, 0, limits.binaryBytes, signal);
    return { bytes, mimeType: mimeTypeOf(path, bytes), size: bytes.length };
  } finally {
    file.close();
  }
}

/** All of a file, for a change of it. */
export async function readWhole(file: OpenFile, most: number, path: string, signal?: AbortSignal): Promise<Buffer> {
  if (file.facts.size > most) {
    throw new FilesError(
      "too_large",
      `${showPath(path)} has ${file.facts.size} bytes; files up to ${most} can be changed.`,
    );
  }
  return readRange(file, 0, most, signal);
}
