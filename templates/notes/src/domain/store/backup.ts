import {
  closeSync,
  cpSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { NotesError } from "../errors.ts";
import { ownersName } from "../owner-folder.ts";
import { reasonOf, toNotesError } from "./failure.ts";
import { unmark } from "./log-mark.ts";
import { schemaVersion } from "./migrations.ts";
import { attachmentsName, databaseName, identify, loadSqlite } from "./open.ts";

/** How long a backup waits for a lock, in milliseconds: a server that recovers from a crash holds one for a moment. */
const lockTimeoutMs = 10_000;

/** What a backup holds. */
export interface Backup {
  folder: string;
  notes: number;
  bytes: number;
}

/**
 * Copies the database in `data` as it is at one moment, while servers go on writing, and that of each owner, to a new
 * folder that a server can be started on. The folder is there whole or not at all. A database that is missing, damaged or foreign, and a folder
 * that exists, is a NotesError.
 */
export async function backUp(data: string, folder: string): Promise<Backup> {
  const source = join(data, databaseName);
  const target = resolve(folder);
  if (!existsSync(source)) {
    throw new NotesError(
      "not_found",
      `There are no notes in ${data}: nothing to back up. Name their folder with --data.`,
    );
  }
  identify(source);
  if (existsSync(target)) {
    throw new NotesError("conflict", `${target} exists. Nothing was changed: name a folder that does not.`);
  }
  const draft = draftBeside(target);
  try {
    const copied = await copyFolder(data, draft);
    for (const name of ownersIn(data)) {
      const own = join(draft, ownersName, name);
      mkdirSync(own, { recursive: true, mode: 0o700 });
      const { notes, bytes } = await copyFolder(join(data, ownersName, name), own);
      copied.notes += notes;
      copied.bytes += bytes;
    }
    renameSync(draft, target);
    return { folder: target, ...copied };
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw toNotesError(error);
  }
}

/** The folders of owners whose database is there: one that was made at this moment has nothing to copy yet. */
function ownersIn(data: string): string[] {
  const folder = join(data, ownersName);
  return existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(join(folder, name, databaseName))) : [];
}

async function copyFolder(data: string, draft: string): Promise<Omit<Backup, "folder">> {
  const copied = await copy(join(data, databaseName), join(draft, databaseName));
  copyAttachments(data, draft);
  return copied;
}

/** A folder of its owner's alone, on the same disk as the one that it becomes. */
function draftBeside(target: string): string {
  try {
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    return mkdtempSync(`${target}.unfinished-`);
  } catch (cause) {
    throw new NotesError("storage", `Cannot write a backup to ${target} (${reasonOf(cause)}). Choose another folder.`, {
      cause,
    });
  }
}

async function copy(source: string, file: string): Promise<Omit<Backup, "folder">> {
  const { DatabaseSync } = await loadSqlite();
  // Made here for its mode: SQLite takes an empty file as it is.
  closeSync(openSync(file, "wx", 0o600));
  const from = new DatabaseSync(source, { readOnly: true, timeout: lockTimeoutMs });
  try {
    // One transaction, so one moment. SQLite's backup interface would start again at every change of another process.
    from.prepare("VACUUM INTO ?").run(file);
  } finally {
    from.close();
  }
  const made = new DatabaseSync(file);
  try {
    const [verdict] = made.prepare("PRAGMA integrity_check").all();
    if (verdict?.integrity_check !== "ok") {
      throw new NotesError("damaged", "The notes database is damaged: what could be read of it is not whole.");
    }
    const notes = Number(made.prepare("SELECT count(*) AS count FROM notes WHERE deleted_at IS NULL").get()?.count);
    // The copy is whole by itself, whatever its source was.
    if (schemaVersion(made) > 1) unmark(made);
    sync(file);
    return { notes, bytes: statSync(file).size };
  } finally {
    made.close();
  }
}

/** A file each, named by its content and never changed: those of a later moment do no harm. */
function copyAttachments(data: string, draft: string): void {
  const folder = join(data, attachmentsName);
  if (existsSync(folder)) cpSync(folder, join(draft, attachmentsName), { recursive: true, preserveTimestamps: true });
}

/** SQLite leaves it to the system when a copy reaches the disk. */
function sync(file: string): void {
  const descriptor = openSync(file, "r+");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
