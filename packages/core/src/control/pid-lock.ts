import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";

const mine = new Set<string>();

/**
 * Takes a file for this process alone, by a file beside it with the process's id. One that a killed process left
 * behind is taken over: no process with its id lives, or the id is our own (the first process of a container always
 * has the same one).
 *
 * @returns how to give it back, or the id of the process that has it
 */
export function takePidLock(file: string): (() => void) | number {
  const path = `${file}.lock`;
  if (mine.has(path)) return process.pid;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const lock = openSync(path, "wx", 0o600);
      writeSync(lock, String(process.pid));
      closeSync(lock);
      mine.add(path);
      return () => {
        mine.delete(path);
        rmSync(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = holderOf(path);
    if (holder !== undefined && holder !== process.pid && lives(holder)) return holder;
    rmSync(path, { force: true });
  }
  return holderOf(path) ?? 0;
}

function holderOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives and belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
