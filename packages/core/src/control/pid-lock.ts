import { randomUUID } from "node:crypto";
import { linkSync, lstatSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";

const mine = new Set<string>();

/** How often a lock says that its holder lives, in ms, and how long after the last time another machine takes it over. */
const BEAT_MS = 10_000;
const SILENT_MS = 60_000;

interface Holder {
  /** `undefined` where it was killed before it had written it. */
  pid: number | undefined;
  host: string;
  /** When it last said that it lives, in ms since 1970. */
  seenAt: number;
  /** No other lock at this path has the same. */
  stamp: string;
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
  while (!make(path)) {
    const holder = readHolder(path);
    if (holder === undefined) continue; // given back meanwhile
    if (holds(holder)) return `the process ${holder.pid} on ${holder.host}`;
    const faster = takeAway(path, holder);
    if (faster !== undefined) return faster;
  }
  mine.add(path);
  const beat = setInterval(() => sayAlive(path), BEAT_MS).unref();
  return () => {
    clearInterval(beat);
    mine.delete(path);
    if (isOurs(path)) rmSync(path, { force: true });
  };
}

/** Puts a lock there whole: a half-made one would look like one that a killed process has left. */
function make(path: string): boolean {
  const draft = `${path}.${randomUUID()}`;
  const text = `${process.pid}\n${hostname()}`;
  try {
    writeFileSync(draft, text, { flag: "wx", mode: 0o600 });
    try {
      linkSync(draft, path);
    } catch (error) {
      // Where the volume has no hard links, it is half made for a moment.
      if (!NO_LINKS.has(String((error as NodeJS.ErrnoException).code))) throw error;
      writeFileSync(path, text, { flag: "wx", mode: 0o600 });
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/**
 * Removes a lock that was left behind. Between a look at it and its removal another process may have done both and put its
 * own there: only one at a time may remove this very lock, by a lock of its own, and looks again first.
 *
 * @returns who is about to do it
 */
function takeAway(path: string, { stamp }: Holder): string | undefined {
  const right = takePidLock(`${path}.${stamp}`);
  if (typeof right === "string") return right;
  try {
    if (readHolder(path)?.stamp === stamp) rmSync(path, { force: true });
    return undefined;
  } finally {
    right();
  }
}

function sayAlive(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Taken away, or a volume that is gone for now: the audit itself says so.
  }
}

/** Another machine takes it over where this one was silent for too long. */
function isOurs(path: string): boolean {
  try {
    const holder = readHolder(path);
    return holder?.pid === process.pid && holder.host === hostname();
  } catch {
    return false;
  }
}

const holds = ({ pid, host, seenAt }: Holder): boolean => {
  if (pid === undefined) return false;
  return host === hostname() ? pid !== process.pid && lives(pid) : Date.now() - seenAt < SILENT_MS;
};

/** @throws Error for what is no lock: it is someone's file, and not ours to take away */
function readHolder(path: string): Holder | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  let text = "other";
  try {
    // The id of a process and its machine.
    if (stats.isFile() && stats.size < 300n) text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const [, pid, host] = /^(\d*)(?:\n([\w.-]+))?$/.exec(text) ?? [];
  if (pid === undefined) throw new Error(`${path} is in the way, and is no lock. Move it, or name another file.`);
  return {
    pid: pid === "" ? undefined : Number(pid),
    host: host ?? hostname(),
    seenAt: Number(stats.mtimeMs),
    stamp: `${stats.ino}-${stats.mtimeNs}`,
  };
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
