import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  type Stats,
  unlinkSync,
  write,
} from "node:fs";
import { promisify } from "node:util";
import type { Located } from "./locate.ts";
import { moved, openLocated, sameThing } from "./locate.ts";
import { temporaryPrefix } from "./paths.ts";
import type { Place } from "./place.ts";
import { explained, explaining } from "./refusals.ts";
import { openState } from "./state.ts";

const writeAt = promisify(write);
const flush = promisify(fsync);

/** Ends the name of a note in the state folder about a temporary thing elsewhere. */
export const pendingEnd = ".pending";

/** What this process is making right now. */
export const inFlight = new Set<string>();

/** Names of temporary things tell which process made them: those of a dead one are swept. */
export const temporaryName = () => `${temporaryPrefix}${process.pid}-${randomUUID().slice(0, 13)}`;

/**
 * Makes a file complete or not at all: `fill` writes a temporary file beside the place, which then takes its name in one
 * step. Mode and owner of a file that was there are kept. `before` runs when the new file is safe on disk and the old one
 * still stands. Resolves when file and folder are on disk.
 */
export async function replaceFile(
  place: Place,
  fill: Fill,
  options: { mode?: number | undefined; before?: (made: Stats) => void | Promise<void> } = {},
): Promise<Stats> {
  const { folder, existing, given } = place;
  const name = temporaryName();
  const at = `${folder.at}/${name}`;
  const forget = explaining(given, () => announce(folder, name));
  let made: Opened | undefined;
  try {
    folder.verify();
    made = await makeFile(at, fill, existing ? 0o600 : 0o666);
    if (existing) keepOwner(made.fd, existing);
    if (options.mode !== undefined) fchmodSync(made.fd, options.mode & 0o777);
    await flush(made.fd);
    const stats = fstatSync(made.fd);
    await options.before?.(stats);
    folder.verify();
    refuseChanged(place);
    takeName(at, place, existing === undefined);
    await syncFolder(folder);
    return stats;
  } catch (error) {
    removeQuietly(at);
    throw explained(error, given);
  } finally {
    made?.close();
    forget();
  }
}

export type Fill = (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>;

interface Opened {
  fd: number;
  close(): void;
}

/** A new file with what `fill` writes, open still and not yet flushed. */
async function makeFile(at: string, fill: Fill, mode: number): Promise<Opened> {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;
  const fd = openSync(at, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    let position = 0;
    await fill(async (bytes) => {
      position = await writeFully(fd, bytes, position);
    });
    return { fd, close: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** A new file in a folder that nobody sees yet. */
export async function addFile(folder: Located, name: string, fill: Fill, mode: number): Promise<void> {
  folder.verify();
  const made = await makeFile(`${folder.at}/${name}`, fill, 0o600);
  try {
    fchmodSync(made.fd, mode & 0o777);
    await flush(made.fd);
  } finally {
    made.close();
  }
}

async function writeFully(fd: number, bytes: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.byteLength) {
    done += (await writeAt(fd, bytes, done, bytes.byteLength - done, position + done)).bytesWritten;
  }
  return position + done;
}

function keepOwner(fd: number, { uid, gid, mode }: Stats): void {
  const made = fstatSync(fd);
  let kept = true;
  if (made.uid !== uid || made.gid !== gid) {
    try {
      fchownSync(fd, uid, gid);
    } catch {
      kept = false; // only root gives files away
    }
  }
  // Set-user-id of somebody else's file must not become ours.
  fchmodSync(fd, mode & (kept ? 0o7777 : 0o777));
}

/** Another process may have changed it while the new file was written. */
function refuseChanged({ at, existing, given }: Place): void {
  const now = lstatSync(at, { throwIfNoEntry: false });
  if (existing === undefined) return;
  if (
    now === undefined ||
    !sameThing(now, existing) ||
    now.mtimeMs !== existing.mtimeMs ||
    now.size !== existing.size
  ) {
    throw moved(given);
  }
}

/** Gives a file the name of a place. Exclusive refuses (EEXIST) where there is something, with no moment in between. */
export function takeName(from: string, place: Place, exclusive: boolean): void {
  if (exclusive && linked(from, place)) unlinkSync(from);
  else renameSync(from, place.at);
}

function linked(from: string, place: Place): boolean {
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

/** Notes where a temporary thing is about to be, so that a start after a crash finds it without a search. */
export function announce(folder: Located, name: string): () => void {
  const note = name + pendingEnd;
  inFlight.add(name);
  const state = openState(folder.root, { make: true });
  state?.put(note, [...folder.relative, name].join("/"));
  state?.close();
  return () => {
    inFlight.delete(name);
    const again = openState(folder.root, { make: false });
    again?.drop(note);
    again?.close();
  };
}

function removeQuietly(at: string): void {
  try {
    unlinkSync(at);
  } catch {
    // It was not made, or has its final name.
  }
}
