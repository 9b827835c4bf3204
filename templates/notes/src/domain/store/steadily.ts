import { existsSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { NotesError } from "../errors.ts";

/** Longer than the step in which file systems keep times, in milliseconds. */
const stepMs = 20;

/**
 * Opens a database whose files another process may be making, opening or closing. To look at several files takes several
 * moments, so a failure counts when it comes twice while none of them changes; otherwise it is tried again.
 */
export async function steadily<T>(file: string, until: number, attempt: () => Promise<T>): Promise<T> {
  let last: string | undefined;
  for (;;) {
    const before = stampOf(file);
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof NotesError && error.code === "busy") throw error;
      const message = error instanceof Error ? error.message : String(error);
      await pause(stepMs);
      const counts = message === last && stampOf(file) === before;
      if (counts || performance.now() >= until) throw error;
      last = message;
    }
  }
}

/**
 * What shows that another process was here. An attempt of our own may leave shared memory behind, and writes to it; as root,
 * SQLite gives a log the owner of its database at each opening, which changes its ctime.
 */
function stampOf(file: string): string {
  const stats = ["", "-wal", "-journal"].map((end) =>
    statSync(`${file}${end}`, { bigint: true, throwIfNoEntry: false }),
  );
  const stamps = stats.map((one) => one && `${one.ino} ${one.size} ${one.mtimeNs}`);
  return [...stamps, existsSync(`${file}-shm`)].join(", ");
}
