import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { applicationId, migrate } from "./migrations.ts";

/** A draft as old as this is one that a killed start left, in milliseconds. */
const abandonedMs = 60_000;

/**
 * Makes an empty database beside its place and puts it there whole: an empty or half-made file under the final name is
 * never a start that was cut short. Where another process was faster, its database stays.
 */
export function createDatabase(file: string, open: (file: string) => DatabaseSync): void {
  sweep(file);
  const draft = `${file}.new-${randomUUID()}`;
  closeSync(openSync(draft, "wx", 0o600)); // made here for its mode
  try {
    const db = open(draft);
    try {
      // One write to the disk at the end, instead of one for each step.
      db.exec(`PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA application_id = ${applicationId}`);
      migrate(db);
    } finally {
      db.close();
    }
    sync(draft, "r+");
    place(draft, file);
    if (process.platform !== "win32") sync(dirname(file), "r");
  } finally {
    rmSync(draft, { force: true });
  }
}

function place(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    renameSync(draft, file); // a file system without hard links
  }
}

function sweep(file: string): void {
  const drafts = `${basename(file)}.new-`;
  for (const name of readdirSync(dirname(file))) {
    if (!name.startsWith(drafts)) continue;
    const draft = join(dirname(file), name);
    const { mtimeMs = Number.POSITIVE_INFINITY } = statSync(draft, { throwIfNoEntry: false }) ?? {};
    if (mtimeMs < Date.now() - abandonedMs) rmSync(draft, { force: true });
  }
}

function sync(path: string, flags: string): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
