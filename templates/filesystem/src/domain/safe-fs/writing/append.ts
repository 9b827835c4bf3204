import { closeSync, constants, fstatSync, ftruncateSync, futimesSync, type Stats } from "node:fs";
import { type Located, openLocated } from "../locate.ts";
import { flush, writeFully } from "./on-disk.ts";

/** Adds to the end of a file in place; what was there stays whole whatever happens. */
export async function appendTo(located: Located, bytes: Uint8Array, given: string): Promise<Stats> {
  const fd = openLocated(located, constants.O_WRONLY | constants.O_APPEND, given);
  const { size } = fstatSync(fd);
  try {
    await writeFully(fd, bytes, size);
    await flush(fd);
    return fstatSync(fd);
  } catch (error) {
    // Only what this call has added is taken off again.
    if (fstatSync(fd).size <= size + bytes.byteLength) ftruncateSync(fd, size);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Takes off what was added, and gives back the time from before, by which earlier changes know the file again. */
export async function shorten(
  located: Located,
  { size, mtimeMs }: { size: number; mtimeMs: number },
  given: string,
): Promise<void> {
  const fd = openLocated(located, constants.O_WRONLY, given);
  try {
    ftruncateSync(fd, size);
    futimesSync(fd, Date.now() / 1_000, mtimeMs / 1_000);
    await flush(fd);
  } finally {
    closeSync(fd);
  }
}
