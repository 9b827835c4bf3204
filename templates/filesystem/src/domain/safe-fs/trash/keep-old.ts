import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  writeSync,
} from "node:fs";
import { moveError, sameThing } from "../locate.ts";
import type { Place } from "../place.ts";

/**
 * Gives a file a second name, under which it stays when the first one goes to another file; or makes a copy of it.
 * Gives what has that name now.
 */
export async function keepOld(place: Place, kept: string | Buffer, copy: boolean): Promise<Stats> {
  // A link has no content to copy.
  const whole = copy && !place.existing?.isSymbolicLink();
  if (whole || !tryLink(place.at, kept)) await copyOf(place, kept);
  const found = lstatSync(kept);
  // Exchanged in this moment. A copy is another file in any case, and was compared when it was opened.
  if (found.isSymbolicLink() && !place.existing?.isSymbolicLink()) throw moveError(place.given);
  return found;
}

function tryLink(from: string | Buffer, to: string | Buffer): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (!["EPERM", "EMLINK", "EXDEV", "ENOTSUP"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return false;
  }
}

async function copyOf({ existing, at, given }: Place, kept: string | Buffer): Promise<void> {
  const from = openSync(at, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(from);
    if (existing === undefined || !sameThing(stats, existing)) throw moveError(given);
    const to = openSync(kept, "wx", stats.mode & 0o777);
    try {
      const buffer = Buffer.alloc(1 << 20);
      for (let position = 0; ; ) {
        const count = readSync(from, buffer, 0, buffer.length, position);
        if (count === 0) break;
        for (let done = 0; done < count; ) done += writeSync(to, buffer, done, count - done);
        position += count;
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
}
