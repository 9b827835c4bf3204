import { readSync } from "node:fs";
import type { OpenFile } from "./safe-fs.ts";

/**
 * Open files for a worker thread: descriptors belong to the process, so what was checked when it was opened is what a
 * worker reads. It names no path, and has nothing to open one with. Valid until the files are closed. Two lists of
 * numbers, because a message of many objects takes as long as reading the files.
 */
export interface Handed {
  fds: number[];
  sizes: number[];
}

export const handOf = (files: readonly OpenFile[]): Handed => ({
  fds: files.map(({ fd }) => fd),
  sizes: files.map(({ facts }) => facts.size),
});

/** Most files fit in, and making a buffer for each of them takes longer than reading them. */
const shared = Buffer.allocUnsafeSlow(256 * 1024);

/** As much as there was when the file was opened, so that a growing one comes to an end. Valid until the next call. */
export function readHanded({ fds, sizes }: Handed, index: number): Buffer {
  const [fd = -1, size = 0] = [fds[index], sizes[index]];
  const bytes = size <= shared.length ? shared : Buffer.allocUnsafeSlow(size);
  let done = 0;
  while (done < size) {
    const read = readSync(fd, bytes, done, size - done, done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}
