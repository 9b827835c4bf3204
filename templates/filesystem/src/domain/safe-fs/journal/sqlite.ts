import { setTimeout as pause } from "node:timers/promises";

/** Node 22 calls its SQLite experimental at the first import. Only that one warning is held back. */
export async function loadSqlite(): Promise<typeof import("node:sqlite")> {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: []) => {
    if (!String(warning).startsWith("SQLite is an experimental feature")) emitWarning.call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return await import("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}

const SQLITE_BUSY = 5;

/** Another connection holds what is asked for. */
export const isBusy = (error: unknown): boolean => ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;

/** How long another process is waited for, in ms. */
const patienceMs = 10_000;

/**
 * Repeats what makes or opens a database while another process does the same. SQLite's own timeout is not enough: the change
 * to a log fails at once, because a connection that reads cannot wait for one that writes.
 */
export async function patiently<Result>(attempt: () => Result): Promise<Result> {
  const end = performance.now() + patienceMs;
  for (let wait = 2; ; wait = Math.min(2 * wait, 50)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() > end) throw error;
    }
    await pause(1 + Math.random() * wait);
  }
}
