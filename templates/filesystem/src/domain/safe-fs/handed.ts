import { readSync } from "node:fs";
import type { OpenFile } from "./safe-fs.ts";

/**
 * An open file for a worker thread: descriptors belong to the process, so what was checked when it was opened is what a
 * worker reads. It names no path, and has nothing to open one with. Valid until the file is closed.
 */
export interface Handed {
  fd: number;
  size: number;
}

export const handedFrom = ({ fd, facts }: OpenFile): Handed => ({ fd, size: facts.size });

/** As much as there was when the file was opened, so that a growing one comes to an end. */
export function readHanded({ fd, size }: Handed): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let done = 0;
  while (done < size) {
    const read = readSync(fd, bytes, done, size - done, done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}
