import { FilesError } from "./errors.ts";
import type { FileBytes, FilesLimits, ReadText, TextPart, Waiting } from "./files.ts";
import { mimeTypeOf } from "./mime.ts";
import { decodePart, readRange, sha256Of } from "./range.ts";
import { readHead, readTail } from "./read-ends.ts";
import { shown } from "./safe-fs/refusals.ts";
import type { OpenFile, SafeFs } from "./safe-fs/safe-fs.ts";

export interface Reading {
  safeFs: SafeFs;
  limits: FilesLimits;
}

export async function readText({ safeFs, limits }: Reading, path: string, options: ReadText = {}): Promise<TextPart> {
  const { head, tail, cursor, signal } = options;
  if ([head, tail, cursor].filter((one) => one !== undefined).length > 1) {
    throw new FilesError("invalid", "Give only one of head, tail and cursor.");
  }
  const file = safeFs.openFile(path);
  try {
    const cap = limits.textBytes;
    const { size } = file.facts;
    if (head !== undefined) return await readHead(file, path, head, cap, signal);
    if (tail !== undefined) return await readTail(file, path, tail, cap, signal);
    const from = cursor === undefined ? 0 : offsetOf(cursor, file, path);
    const bytes = await readRange(file, from, cap, signal);
    const atEnd = bytes.length < cap || from + bytes.length >= size;
    const { text, encoding, used } = await decodePart(file, path, bytes, from, atEnd);
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
        `${shown(path)} has ${size} bytes, more than the ${limits.binaryBytes} that are answered whole.`,
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
      `${shown(path)} has ${file.facts.size} bytes; files up to ${most} can be changed.`,
    );
  }
  return readRange(file, 0, most, signal);
}

/** A place in a file that may have grown since, but is still the same file. */
const cursorAt = (offset: number, { facts }: OpenFile): string =>
  Buffer.from(JSON.stringify([offset, facts.ino, facts.size])).toString("base64url");

function offsetOf(cursor: string, { facts }: OpenFile, path: string): number {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    parsed = undefined;
  }
  if (!Array.isArray(parsed) || !parsed.every((one) => Number.isSafeInteger(one) && one >= 0) || parsed.length !== 3) {
    throw new FilesError("invalid", "The cursor is none of this tool's. Leave it out to begin at the start.");
  }
  const [offset, ino, size] = parsed as [number, number, number];
  if (ino !== facts.ino || size > facts.size || offset > facts.size) {
    throw new FilesError(
      "conflict",
      `${shown(path)} was changed since the cursor was made. Read it again from the start.`,
    );
  }
  return offset;
}
