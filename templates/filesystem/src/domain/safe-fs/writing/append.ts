import { closeSync, constants, fstatSync, ftruncateSync, readSync } from "node:fs";
import { type Located, openLocated } from "../locate.ts";
import { flush, writeFully } from "./on-disk.ts";

/** Adds to the end of a file in place. A failure may leave a part of it, for `isAdded` to find. */
export async function appendTo(located: Located, bytes: Uint8Array, given: string): Promise<void> {
  const fd = openLocated(located, constants.O_WRONLY | constants.O_APPEND, given);
  try {
    await writeFully(fd, bytes, fstatSync(fd).size);
    await flush(fd);
  } finally {
    closeSync(fd);
  }
}

/** Takes off the end of a file. */
export async function shorten(located: Located, size: number, given: string): Promise<void> {
  const fd = openLocated(located, constants.O_WRONLY, given);
  try {
    ftruncateSync(fd, size);
    await flush(fd);
  } finally {
    closeSync(fd);
  }
}

/** How many of the bytes that were to be added are there, where there is nothing else; otherwise undefined. */
export function isAdded(located: Located, size: number, added: Uint8Array, given: string): number | undefined {
  const fd = openLocated(located, constants.O_RDONLY, given);
  try {
    const there = fstatSync(fd).size - size;
    if (there < 0 || there > added.byteLength) return undefined;
    const found = Buffer.alloc(there);
    for (let done = 0; done < there; ) {
      const count = readSync(fd, found, done, there - done, size + done);
      if (count === 0) return undefined;
      done += count;
    }
    return found.equals(added.subarray(0, there)) ? there : undefined;
  } finally {
    closeSync(fd);
  }
}
