import {
  closeSync,
  constants,
  fsync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  type Stats,
  unlinkSync,
  write,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import type { Located } from "../locate.ts";
import type { Place } from "../place.ts";

const writeAt = promisify(write);

/** Resolves when what was written is on disk. */
export const flush = promisify(fsync);

/** What is written while everything else waits: to memory, as only `flush` waits for the disk. */
const mostAtOnce = 64 * 1024;

/** Writes all bytes from a position on; resolves with the one behind them. */
export async function writeFully(fd: number, bytes: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.byteLength) {
    const left = bytes.byteLength - done;
    done +=
      left <= mostAtOnce
        ? writeSync(fd, bytes, done, left, position + done)
        : (await writeAt(fd, bytes, done, left, position + done)).bytesWritten;
  }
  return position + done;
}

/** Gives a file the name of a place. Exclusive refuses (EEXIST) where there is something, with no moment in between. */
export function takeName(from: string | Buffer, place: Pick<Place, "at">, exclusive: boolean): void {
  if (exclusive && tryLink(from, place)) unlinkSync(from);
  else renameSync(from, place.at);
}

function tryLink(from: string | Buffer, place: Pick<Place, "at">): boolean {
  try {
    linkSync(from, place.at);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error;
    // No hard links on this disk, or not for this file: look, then rename.
    if (lstatSync(place.at, { throwIfNoEntry: false })) throw Object.assign(new Error("exists"), { code: "EEXIST" });
    return false;
  }
}

/** What stands at a place now, a link not followed. */
export const standingAt = ({ at }: Pick<Place, "at">): Stats | undefined => lstatSync(at, { throwIfNoEntry: false });

/** Takes one of two names off a file. */
export async function dropName({ at, folder }: Place): Promise<void> {
  unlinkSync(at);
  await syncFolder(folder);
}

/** Gives a file the name of another one, which goes. */
export async function takeOver(from: string | Buffer, place: Place): Promise<void> {
  renameSync(from, place.at);
  await syncFolder(place.folder);
}

/** A rename is on disk when its folder is. */
export async function syncFolder({ at }: Located): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be opened there
  const fd = openSync(at, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await flush(fd);
  } catch (error) {
    if (!["EINVAL", "ENOTSUP", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    closeSync(fd);
  }
}
