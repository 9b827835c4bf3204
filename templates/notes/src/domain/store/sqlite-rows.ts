import { createHash } from "node:crypto";
import type { SQLOutputValue } from "node:sqlite";
import { NotesError } from "../errors.ts";
import { idOf } from "../note.ts";
import type { Named, NameKind } from "../text/names.ts";
import type { Attachment, NoteHead, NoteRow, Revision, RevisionHead } from "./store.ts";

type Columns = Record<string, SQLOutputValue>;

const digest = (fields: unknown[]): string => createHash("sha256").update(JSON.stringify(fields)).digest("base64url");

/** Kept with the row and compared at every full read: a bit that flips on disk is told, not served. */
export const hashNote = (row: NoteRow): string =>
  digest([
    row.number,
    row.title,
    row.body,
    row.tags,
    row.version,
    row.created_at,
    row.updated_at,
    row.deleted_at,
    // Left out where there is nothing: notes of a server that knew no folders have a hash without them.
    ...(row.folder === "" && row.file === null && row.front === "" ? [] : [row.folder, row.file, row.front]),
  ]);

export const hashRevision = (number: number, row: Revision): string =>
  digest([
    number,
    row.version,
    row.title,
    row.body,
    row.tags,
    row.updated_at,
    ...(row.front === "" ? [] : [row.front]),
  ]);

export const readHead = (columns: Columns): NoteHead => ({
  number: Number(columns.number),
  title: String(columns.title),
  size: Number(columns.size),
  tags: readTags(columns.tags, Number(columns.number)),
  folder: String(columns.folder),
  file: columns.file === null ? null : String(columns.file),
  version: Number(columns.version),
  created_at: String(columns.created_at),
  updated_at: String(columns.updated_at),
  deleted_at: columns.deleted_at === null ? null : String(columns.deleted_at),
  seq: Number(columns.seq),
});

/** A note whose hash is right, or a NotesError "damaged". */
export function readNote(columns: Columns): NoteRow {
  const row = { ...readHead(columns), front: readText(columns.front), body: readText(columns.body) };
  if (hashNote(row) !== columns.hash) throw damage(row.number);
  return row;
}

export const readRevisionHead = (columns: Columns): RevisionHead => ({
  version: Number(columns.version),
  title: String(columns.title),
  size: Number(columns.size),
  tags: readTags(columns.tags, Number(columns.note)),
  updated_at: String(columns.updated_at),
});

export function readRevision(columns: Columns): Revision {
  const revision = { ...readRevisionHead(columns), front: readText(columns.front), body: readText(columns.body) };
  if (hashRevision(Number(columns.note), revision) !== columns.hash) throw damage(Number(columns.note));
  return revision;
}

export const readName = (columns: Columns): Named => ({
  key: String(columns.key),
  own: String(columns.own),
  path: String(columns.path),
  folder: String(columns.folder),
  kind: Number(columns.kind) as NameKind,
  number: Number(columns.note),
});

export const readAttachment = (columns: Columns): Attachment => ({
  path: String(columns.path),
  sha256: String(columns.sha256),
  size: Number(columns.size),
  updated_at: String(columns.updated_at),
});

export const writeText = (text: string): Uint8Array => Buffer.from(text);

const readText = (text: SQLOutputValue | undefined): string =>
  text instanceof Uint8Array ? Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString() : "";

function readTags(tags: SQLOutputValue | undefined, number: number): string[] {
  try {
    return JSON.parse(String(tags));
  } catch {
    throw damage(number);
  }
}

const damage = (number: number): NotesError =>
  new NotesError(
    "damaged",
    `Note ${idOf(number)} is damaged on disk: its text is not what was written. Other notes are not affected. Restore a backup.`,
  );
