import { z } from "zod";
import { cutPage, decodeCursor } from "./cursor.ts";
import { type Desk, findAny, findLive, toNote } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { Cursor, pageOf } from "./list.ts";
import { limits, type Note, NoteId, parse } from "./note.ts";
import type { NoteRow, Revision } from "./store/store.ts";

export const RevisionSummary = z.object({
  version: z.int().min(1).describe("Version of the note"),
  title: z.string().describe("Title in this version"),
  tags: z.array(z.string().describe("One tag")).describe("Tags in this version"),
  updated_at: z.iso.datetime().describe("When this version was written (UTC)"),
  size_bytes: z.int().min(0).describe("Length of the body in bytes of UTF-8"),
  current: z.boolean().describe("Whether the note is at this version now"),
});
export type RevisionSummary = z.infer<typeof RevisionSummary>;

export const ListRevisions = z.object({ id: NoteId, limit: pageOf(limits.page, 20), cursor: Cursor });

/** Versions of a note, live or trashed, newest first. */
export async function listRevisions(desk: Desk, input: z.input<typeof ListRevisions>) {
  const { id, limit, cursor } = parse(ListRevisions, input);
  const listing = ["revisions", id];
  const [before] = decodeCursor(desk, listing, cursor) ?? [];
  const row = await findAny(desk, id);
  const earlier = await desk.store.revisions(row.number, { before: Number(before ?? row.version), limit: limit + 1 });
  const rows = before === undefined ? [row, ...earlier] : earlier;
  const { page, ...next } = cutPage(desk, rows, limit, listing, ({ version }) => [version, 0]);
  const revisions: RevisionSummary[] = page.map(({ version, title, tags, updated_at, size }) => {
    return { version, title, tags, updated_at, size_bytes: size, current: version === row.version };
  });
  return { revisions, ...next };
}

/** A note as it is, or as it was at a version. */
export async function getNote(desk: Desk, id: string, version?: number): Promise<Note> {
  const live = await findLive(desk, id);
  const row = version === undefined ? live : { ...live, ...(await contentAt(desk, live, version)) };
  if (row.front === "") return toNote(row);
  const { readFront } = await import("./text/front-fields.ts");
  return { ...toNote(row), fields: readFront(row.front).fields };
}

/** What a note held at a version. */
export async function contentAt({ store }: Desk, row: NoteRow, version: number): Promise<NoteRow | Revision> {
  if (version === row.version) return row;
  const revision = await store.revision(row.number, version);
  if (revision) return revision;
  throw new NotesError(
    "not_found",
    `Note n${row.number} has no version ${version}. Call list_revisions to see which it has.`,
  );
}

/** A unified diff from one version to another, empty where they are equal. */
export async function diffRevisions(desk: Desk, id: string, from: number, to: number): Promise<string> {
  const row = await findAny(desk, id);
  const { diffOf } = await import("./text/diff.ts");
  return diffOf(await contentAt(desk, row, from), await contentAt(desk, row, to));
}
