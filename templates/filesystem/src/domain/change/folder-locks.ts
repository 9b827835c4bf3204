import { setTimeout as pause } from "node:timers/promises";
import { FilesError } from "../errors.ts";
import type { FileLock } from "../safe-fs/journal/file-lock.ts";
import type { Records } from "../safe-fs/journal/state-folder.ts";

/** Folders share so many locks: which one is decided by what they are, not by the root through which one comes. */
const locks = 64;

/** How long calls of this process join others that hold a lock, so that other processes have their turn, in ms. */
const shareMs = 20;
/** How long a call waits for another process, in ms. */
const patienceMs = 30_000;

interface Holding {
  calls: number;
  until: number;
  ready: Promise<void>;
  ended: Promise<void>;
  end: () => void;
}

export type FolderLocks = ReturnType<typeof createFolderLocks>;

/** While one process changes something in a folder, no other server of this user does. */
export function createFolderLocks(open: () => Promise<Records>) {
  const files = new Map<number, FileLock | undefined>();
  const held = new Map<number, Holding>();

  const acquire = async (lock: FileLock | undefined, signal: AbortSignal | undefined): Promise<void> => {
    const end = performance.now() + patienceMs;
    for (let wait = 1; lock !== undefined && !lock.take(); wait = Math.min(2 * wait, 16)) {
      signal?.throwIfAborted();
      if (performance.now() > end) {
        const text =
          "Another server has been changing this folder for a long time. Nothing was changed. Try again later.";
        throw new FilesError("conflict", text);
      }
      await pause(1 + Math.random() * wait);
    }
  };

  const leave = (number: number, holding: Holding, lock: FileLock | undefined) => () => {
    holding.calls -= 1;
    if (holding.calls > 0) return;
    held.delete(number);
    lock?.release();
    holding.end();
  };

  async function enter(number: number, signal: AbortSignal | undefined): Promise<() => void> {
    const records = await open();
    if (!files.has(number)) files.set(number, records.openLock(number));
    const lock = files.get(number);
    for (;;) {
      const known = held.get(number);
      if (known !== undefined && performance.now() > known.until) {
        await known.ended;
        continue;
      }
      if (known !== undefined) {
        known.calls += 1;
        await known.ready;
        return leave(number, known, lock);
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const ready = acquire(lock, signal);
      const holding: Holding = { calls: 1, until: Number.POSITIVE_INFINITY, ready, ended: promise, end: resolve };
      held.set(number, holding);
      try {
        await ready;
        holding.until = performance.now() + shareMs;
        return leave(number, holding, lock);
      } catch (error) {
        // Those who joined hear of it from `ready`.
        held.delete(number);
        resolve();
        throw error;
      }
    }
  }

  /** Takes the locks of all folders in one order, so that two calls never wait for each other. */
  return async function inFolders<Result>(
    folders: { dev: number; ino: number }[],
    signal: AbortSignal | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const numbers = new Set(folders.map(({ dev, ino }) => (dev * 31 + ino) % locks));
    const leaving: (() => void)[] = [];
    try {
      for (const number of [...numbers].sort((one, other) => one - other)) leaving.push(await enter(number, signal));
      return await work();
    } finally {
      for (const leaveOne of leaving.reverse()) leaveOne();
    }
  };
}
