import { createHash, hash } from "node:crypto";
import { detectEncoding, type Encoding, markedEncoding, type Named, utf8 } from "./encoding.ts";
import { FilesError } from "./errors.ts";
import { showPath } from "./safe-fs/refusals.ts";
import type { OpenFile } from "./safe-fs/safe-fs.ts";

export const step = 64 * 1024;

/** What is read while everything else waits; about 0.1 ms from memory. */
const mostAtOnce = 512 * 1024;

/** The bytes from an offset, never more than asked for, fewer only at the end. */
export async function readRange(file: OpenFile, from: number, most: number, signal?: AbortSignal): Promise<Buffer> {
  // One byte more than there seems to be shows whether the file is growing.
  let buffer = Buffer.allocUnsafe(Math.min(most, Math.max(0, file.facts.size - from) + 1));
  let filled = 0;
  for (;;) {
    signal?.throwIfAborted();
    const part = buffer.subarray(filled, filled + 1024 * 1024);
    // Most files come faster without a detour over the thread pool.
    const count =
      buffer.length <= mostAtOnce ? file.readSync(part, from + filled) : await file.read(part, from + filled);
    filled += count;
    if (count === 0 || filled === most) return buffer.subarray(0, filled);
    if (filled === buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(most, 2 * buffer.length + step));
      buffer.copy(larger);
      buffer = larger;
    }
  }
}

export async function decodePart(
  file: OpenFile,
  path: string,
  bytes: Buffer,
  from: number,
  { atEnd, named }: { atEnd: boolean; named: Named },
) {
  const known = from === 0 ? undefined : encodingMark(file);
  // A part that ends within a character is still UTF-8.
  const whole = atEnd ? bytes : bytes.subarray(0, bytes.length - utf8.cutTail(bytes));
  const encoding = known ?? detectEncoding(whole, named);
  if (encoding === undefined) throw binary(path);
  const used = atEnd ? bytes.length : bytes.length - encoding.cutTail(bytes);
  return { text: encoding.decode(bytes.subarray(0, used)), encoding: encoding.name, used };
}

export function encodingMark(file: OpenFile): Encoding | undefined {
  const mark = new Uint8Array(2);
  file.readSync(mark, 0);
  return markedEncoding(mark);
}

export const binary = (path: string) =>
  new FilesError(
    "binary",
    `${showPath(path)} is not text. Read it with read_media_file, or get its facts with get_file_info.`,
  );

export const sha256Of = (bytes: Uint8Array): string => hash("sha256", bytes, "hex");

/** By streaming, whatever the size. */
export async function sha256OfFile(file: OpenFile, signal?: AbortSignal): Promise<string> {
  const hashing = createHash("sha256");
  const buffer = Buffer.allocUnsafe(4 * step);
  for (let position = 0; ; ) {
    signal?.throwIfAborted();
    const count = await file.read(buffer, position);
    if (count === 0) return hashing.digest("hex");
    hashing.update(buffer.subarray(0, count));
    position += count;
  }
}
