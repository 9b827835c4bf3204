import { closeSync, lstatSync, openSync, readFileSync, rmSync, utimesSync, writeSync } from "node:fs";
import { hostname } from "node:os";

const mine = new Set<string>();

/** How often a lock says that its holder lives, in ms, and how long after the last time another machine takes it over. */
const BEAT_MS = 10_000;
const SILENT_MS = 60_000;

interface Holder {
  pid: number;
  host: string;
  /** When it last said that it lives, in ms since 1970. */
  seenAt: number;
}

/**
 * Takes a file for this process alone, by a file beside it with the process's id and its machine. One that a killed process
 * left behind is taken over: no process with its id lives, the id is our own (the first process of a container always has
 * the same one), or its machine has said nothing for a minute.
 *
 * @returns how to give it back, or who has it
 */
export function takePidLock(file: string): (() => void) | string {
  const path = `${file}.lock`;
  if (mine.has(path)) return `the process ${process.pid}`;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const lock = openSync(path, "wx", 0o600);
      writeSync(lock, `${process.pid}\n${hostname()}`);
      closeSync(lock);
      mine.add(path);
      const beat = setInterval(() => sayAlive(path), BEAT_MS).unref();
      return () => {
        clearInterval(beat);
        mine.delete(path);
        rmSync(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = readHolder(path);
    if (holder !== undefined && holds(holder)) return `the process ${holder.pid} on ${holder.host}`;
    rmSync(path, { force: true });
  }
  return "another process";
}

function sayAlive(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Taken away, or a volume that is gone for now: the audit itself says so.
  }
}

const holds = ({ pid, host, seenAt }: Holder): boolean =>
  host === hostname() ? pid !== process.pid && lives(pid) : Date.now() - seenAt < SILENT_MS;

/** @throws Error for what is no lock: it is someone's file, and not ours to take away */
function readHolder(path: string): Holder | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  // The id of a process and its machine; empty where the process was killed between making the file and writing.
  const text = stats.isFile() && stats.size < 300 ? readFileSync(path, "utf8") : "other";
  const [, pid, host] = /^(\d*)(?:\n([\w.-]+))?$/.exec(text) ?? [];
  if (pid === undefined) throw new Error(`${path} is in the way, and is no lock. Move it, or name another file.`);
  return pid === "" ? undefined : { pid: Number(pid), host: host ?? hostname(), seenAt: stats.mtimeMs };
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
