import { closeSync, lstatSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";

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
    const holder = readHolder(path);
    if (holder !== undefined && holder !== process.pid && lives(holder)) return holder;
    rmSync(path, { force: true });
  }
  return readHolder(path) ?? 0;
}

/** @throws Error for what is no lock: it is someone's file, and not ours to take away */
function readHolder(path: string): number | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  // The id of a process and no more; empty where the process was killed between making the file and writing.
  const text = stats.isFile() && stats.size < 20 ? readFileSync(path, "utf8") : "other";
  if (!/^\d*$/.test(text)) throw new Error(`${path} is in the way, and is no lock. Move it, or name another file.`);
  return text === "" ? undefined : Number(text);
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
