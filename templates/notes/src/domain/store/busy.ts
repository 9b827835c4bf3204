import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { NotesError } from "../errors.ts";
import { isBusy } from "./failure.ts";

/**
 * How long SQLite itself may wait for a lock. It blocks the whole process meanwhile, so the real waiting is done here.
 */
export const lockTimeoutMs = 20;

export interface Patience {
  /** `performance.now()` past which waiting ends in a NotesError "busy". */
  until: number;
  signal?: AbortSignal;
}

/** Repeats an attempt that meets another process's lock, the event loop free in between. */
export async function patiently<T>(attempt: () => T | Promise<T>, { until, signal }: Patience): Promise<T> {
  for (let ceiling = 8; ; ceiling = Math.min(ceiling * 2, 100)) {
    signal?.throwIfAborted();
    // Checked before the attempt: a queue of expired callers must not block the process one lock timeout each.
    if (performance.now() >= until) break;
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
    await pause(2 + Math.random() * ceiling, undefined, signal && { signal });
  }
  throw new NotesError(
    "busy",
    "The notes are in use by another process. Nothing was changed. Try again in a few seconds.",
  );
}

/** Runs tasks one after another and lets the event loop turn in between. */
export function createQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.then(
      () => nextTurn(),
      () => nextTurn(),
    );
    return result;
  };
}
