import { createHash } from "node:crypto";
import type { SQLOutputValue } from "node:sqlite";
import { NotesError } from "../errors.ts";
import { idOf } from "../note.ts";
import type { NoteHead, NoteRow, Revision, RevisionHead } from "./store.ts";

type Columns = Record<string, SQLOutputValue>;

const digest = (fields: unknown[]): string => createHash("sha256").update(JSON.stringify(fields)).digest("base64url");

/** Kept with the row and compared at every full read: a bit that flips on disk is told, not served. */
export const hashNote = (row: NoteRow): string =>
  digest([row.number, row.title, row.body, row.tags, row.version, row.created_at, row.updated_at, row.deleted_at]);

export const hashRevision = (number: number, row: Revision): string =>
  digest([number, row.version, row.title, row.body, row.tags, row.updated_at]);

export const readHead = (columns: Columns): NoteHead => ({
  number: Number(columns.number),
  title: String(columns.title),
  size: Number(columns.size),
  tags: readTags(columns.tags, Number(columns.number)),
  version: Number(columns.version),
  created_at: String(columns.created_at),
  updated_at: String(columns.updated_at),
  deleted_at: columns.deleted_at === null ? null : String(columns.deleted_at),
  seq: Number(columns.seq),
});

/** A note whose hash is right, or a NotesError "damaged". */
export function readNote(columns: Columns): NoteRow {
  const row = { ...readHead(columns), body: readBody(columns.body) };
  if (hashNote(row) !== columns.hash) throw damaged(row.number);
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
  const revision = { ...readRevisionHead(columns), body: readBody(columns.body) };
  if (hashRevision(Number(columns.note), revision) !== columns.hash) throw damaged(Number(columns.note));
  return revision;
}

export const writeBody = (body: string): Uint8Array => Buffer.from(body);

const readBody = (body: SQLOutputValue | undefined): string =>
  body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString() : "";

function readTags(tags: SQLOutputValue | undefined, number: number): string[] {
  try {
    return JSON.parse(String(tags));
  } catch {
    throw damaged(number);
  }
}

const damaged = (number: number): NotesError =>
  new NotesError(
    "damaged",
    `Note ${idOf(number)} is damaged on disk: its text is not what was written. Other notes are not affected. Restore a backup.`,
  );
