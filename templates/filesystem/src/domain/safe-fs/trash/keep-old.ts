import { closeSync, constants, fstatSync, linkSync, openSync, readSync, writeSync } from "node:fs";
import { moved, sameThing } from "../locate.ts";
import type { Place } from "../place.ts";

/** Gives a file a second name, under which it stays when the first one goes to another file; or makes a copy of it. */
export async function keepOld(place: Place, kept: string, copy: boolean): Promise<void> {
  if (!copy) {
    try {
      linkSync(place.at, kept);
      return;
    } catch (error) {
      if (!["EPERM", "EMLINK", "EXDEV", "ENOTSUP"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  const { existing, at, given } = place;
  const from = openSync(at, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(from);
    if (existing === undefined || !sameThing(stats, existing)) throw moved(given);
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
