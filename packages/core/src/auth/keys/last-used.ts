import { lstatSync, readFileSync, renameSync, writeFileSync } from "node:fs";
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

export function createLastUsed(file: string, log: Log): LastUsed {
  const noted: Record<string, string> = {};
  let timer: NodeJS.Timeout | undefined;
  const write = (): void => {
    timer = undefined;
    try {
      // Others may serve by the same keys: what they wrote stays.
      const merged = readLastUsed(file);
      for (const [id, day] of Object.entries(noted))
        if (!(merged[id] !== undefined && merged[id] >= day)) merged[id] = day;
      const draft = `${lastUsedFile(file)}.${process.pid}`;
      writeFileSync(draft, `${JSON.stringify(merged, null, 2)}\n`, { mode: 0o600 });
      renameSync(draft, lastUsedFile(file));
    } catch (error) {
      // A read-only folder: the keys work without.
      log.debug({ err: error }, "the last use of keys cannot be kept");
    }
  };
  return {
    note(id) {
      const day = new Date().toISOString().slice(0, 10);
      if (noted[id] === day) return;
      noted[id] = day;
      timer ??= setTimeout(write, COLLECT_MS).unref();
    },
    close() {
      if (timer === undefined) return;
      clearTimeout(timer);
      write();
    },
  };
}
