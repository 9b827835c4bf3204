import { createHash } from "node:crypto";
import type { OpenFile } from "../safe-fs/safe-fs.ts";

export const hashAlgorithms = ["sha256", "sha512", "sha1", "md5"] as const;
export type HashAlgorithm = (typeof hashAlgorithms)[number];

export interface HashOptions {
  signal?: AbortSignal | undefined;
  /** Bytes hashed so far, and the size of the file. */
  progress?: ((done: number, total: number) => void) | undefined;
}

const block = 1 << 20;

/**
 * The hash of an open file as hexadecimal digits, read in pieces of 1 MiB. Of a file that grows meanwhile it is what
 * was there when it was opened, so that it comes to an end.
 */
export async function hashFile(
  file: OpenFile,
  algorithm: HashAlgorithm = "sha256",
  { signal, progress }: HashOptions = {},
): Promise<{ hash: string; bytes: number }> {
  const hash = createHash(algorithm);
  const { size } = file.facts;
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(block, size)));
  let done = 0;
  while (done < size) {
    signal?.throwIfAborted();
    const read = await file.read(buffer.subarray(0, Math.min(block, size - done)), done);
    if (read === 0) break;
    hash.update(buffer.subarray(0, read));
    done += read;
    progress?.(done, size);
  }
  return { hash: hash.digest("hex"), bytes: done };
}
