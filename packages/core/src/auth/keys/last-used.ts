import { lstatSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { takePidLock } from "../../control/pid-lock.ts";
import type { Log } from "../../telemetry/log.ts";

/** On which day each key was last used: what has not been used for long can be taken away. */
export interface LastUsed {
  note(id: string): void;
  /** Writes what is not written yet. */
  close(): void;
}

/** The file beside the keys, which only servers write: `{ "<id>": "2026-11-27" }`. */
const lastUsedFile = (file: string): string => `${file}.used`;

/** Days by id. What is no such file counts as empty: nothing depends on it. */
export function readLastUsed(file: string): Record<string, string> {
  const used = lastUsedFile(file);
  try {
    // A pipe in its place would be waited for.
    const days: unknown = lstatSync(used).isFile() ? JSON.parse(readFileSync(used, "utf8")) : {};
    return Object.fromEntries(Object.entries(days ?? {}).filter(([, day]) => typeof day === "string"));
  } catch {
    return {};
  }
}

/** How long uses are collected, in ms: a start of many callers is one write. */
const COLLECT_MS = 1_000;
/** How often a server that ends asks for the file that another one is writing, 10 ms apart. */
const LAST_TRIES = 100;

export function createLastUsed(file: string, log: Log): LastUsed {
  const noted: Record<string, string> = {};
  let timer: NodeJS.Timeout | undefined;
  const later = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (!write()) later();
    }, COLLECT_MS).unref();
  };
  /** @returns false while another server writes */
  const write = (): boolean => {
    try {
      const used = lastUsedFile(file);
      const unlock = takePidLock(used);
      if (typeof unlock === "string") return false;
      try {
        // Others may serve by the same keys: what they wrote stays.
        const merged = readLastUsed(file);
        for (const [id, day] of Object.entries(noted))
          if (!(merged[id] !== undefined && merged[id] >= day)) merged[id] = day;
        const draft = `${used}.${process.pid}`;
        writeFileSync(draft, `${JSON.stringify(merged, null, 2)}\n`, { mode: 0o600 });
        renameSync(draft, used);
      } finally {
        unlock();
      }
    } catch (error) {
      // A read-only folder: the keys work without.
      log.debug({ err: error }, "the last use of keys cannot be kept");
    }
    return true;
  };
  return {
    note(id) {
      const day = new Date().toISOString().slice(0, 10);
      if (noted[id] === day) return;
      noted[id] = day;
      later();
    },
    close() {
      if (timer === undefined) return;
      clearTimeout(timer);
      timer = undefined;
      for (let tries = 0; !write() && tries < LAST_TRIES; tries += 1) block(10);
    },
  };
}

const block = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
