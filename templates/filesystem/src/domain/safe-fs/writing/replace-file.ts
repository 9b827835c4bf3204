import { createHash, hash } from "node:crypto";
import { closeSync, constants, fchmodSync, fchownSync, fstatSync, lstatSync, openSync, type Stats } from "node:fs";
import { type Mark, markOf } from "../journal/entry.ts";
import { type Located, movedError, sameThing } from "../locate.ts";
import type { Place } from "../place.ts";
import { explain } from "../refusals.ts";
import { flush, syncFolder, takeName, writeFully } from "./on-disk.ts";

/**
 * Makes a file complete or not at all: `content` goes into a temporary file beside the place, which then takes its name in
 * one step. Mode and owner of a file that was there are kept. `before` runs when the new file is safe on disk and the
 * old one still stands. Resolves when file and folder are on disk. A failure may leave the temporary file.
 */
export async function replaceFile(
  place: Place,
  temporary: string,
  content: Fill | Uint8Array,
  options: { mode?: number | undefined; before: (made: Mark) => Promise<void> },
): Promise<Mark & { sha256: string }> {
  const { folder, existing, given } = place;
  const at = `${folder.at}/${temporary}`;
  let made: Opened | undefined;
  try {
    folder.verify();
    made = await makeFile(at, content, existing ? 0o600 : 0o666);
    const stats = fstatSync(made.fd);
    if (existing) keepOwner(made.fd, stats, existing);
    if (options.mode !== undefined) fchmodSync(made.fd, options.mode & 0o777);
    await flush(made.fd);
    const mark = { ...markOf(stats), sha256: made.sha256 };
    await options.before(mark);
    folder.verify();
    refuseChanged(place);
    takeNameOf(at, place);
    await syncFolder(folder);
    return mark;
  } catch (error) {
    throw explain(error, given);
  } finally {
    made?.close();
  }
}

export type Fill = (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>;

interface Opened {
  fd: number;
  sha256: string;
  close(): void;
}

/** A new file with a content, open still and not yet flushed. */
async function makeFile(at: string, content: Fill | Uint8Array, mode: number): Promise<Opened> {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;
  const fd = openSync(at, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  const close = () => closeSync(fd);
  try {
    if (content instanceof Uint8Array) {
      await writeFully(fd, content, 0);
      return { fd, sha256: hash("sha256", content), close };
    }
    let position = 0;
    const hashing = createHash("sha256");
    await content(async (bytes) => {
      hashing.update(bytes);
      position = await writeFully(fd, bytes, position);
    });
    return { fd, sha256: hashing.digest("hex"), close };
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

function keepOwner(fd: number, made: Stats, { uid, gid, mode }: Stats): void {
  let kept = true;
  if (made.uid !== uid || made.gid !== gid) {
    try {
      fchownSync(fd, uid, gid);
    } catch {
      kept = false; // only root gives files away
    }
  }
  // Set-user-id of another user's file must not become ours.
  fchmodSync(fd, mode & (kept ? 0o7777 : 0o777));
}

function takeNameOf(from: string, place: Place): void {
  try {
    takeName(from, place, place.existing === undefined);
  } catch (error) {
    // Another program was faster: what is there now is looked at again.
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw movedError(place.given);
    throw error;
  }
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
    throw movedError(given);
  }
}
