import { derive, namesOf } from "./derive.ts";
import { commit, type Desk, findAny, findLive, toNote } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { followLinks } from "./follow.ts";
import { inFile } from "./in-file.ts";
import { Body, idOf, type Note, parse, Tags, Title } from "./note.ts";
import type { Change, Content, NoteRow, Waiting, Write } from "./store/store.ts";

export interface ReviseOptions extends Waiting {
  action: string;
  /** What the store keeps, where the request has a key. */
  key?: Change["key"];
  /** The version the caller has read; another one is a conflict. */
  ifVersion?: number | undefined;
  /** When a file that is imported again was changed. */
  updatedAt?: string | undefined;
}

/** What a change makes of a note; what is left out stays. */
type Changed = Partial<Content>;

/** Changes what a note holds, and the links to it where its names change. No difference, no new version. */
export async function revise(
  desk: Desk,
  id: string,
  change: (row: NoteRow) => Changed | Promise<Changed>,
  { action, ifVersion, updatedAt, ...committing }: ReviseOptions,
): Promise<Note> {
  const plan = async () => {
    const { seq: latest } = await desk.store.head();
    const row = await findLive(desk, id);
    checkVersion(row, ifVersion);
    const content = checkContent(await inFile(row, await change(row)));
    if (same(row, content)) return row;
    const write = await updateRow(row, content, updatedAt);
    const renamed = JSON.stringify(await namesOf(row)) !== JSON.stringify(write.derived.names);
    if (!renamed && row.folder === content.folder) return { action, at: desk.now(), writes: [write] };
    const others = await followLinks(desk, row, write);
    const writes = await Promise.all(others.map(({ row, content }) => updateRow(row, content)));
    // Notes that link here are found by reading: none may be added meanwhile.
    return { action, at: desk.now(), writes, latest };
  };
  const [row] = await commit(desk, plan, { ...committing, about: id });
  return toNote(row);
}

function checkVersion(row: NoteRow, ifVersion: number | undefined): void {
  if (ifVersion === undefined || ifVersion === row.version) return;
  throw new NotesError(
    "conflict",
    `Note ${idOf(row.number)} is at version ${row.version}, not ${ifVersion}. Nothing was changed. Read it with get_note, then apply your change to that version.`,
  );
}

const checkContent = ({ title, body, tags, ...rest }: Content): Content => ({
  title: parse(Title, title),
  body: parse(Body, body),
  tags: parse(Tags, tags),
  ...rest,
});

const same = (a: Content, b: Content): boolean =>
  a.title === b.title &&
  a.body === b.body &&
  a.front === b.front &&
  a.folder === b.folder &&
  a.file === b.file &&
  JSON.stringify(a.tags) === JSON.stringify(b.tags);

async function updateRow(row: NoteRow, { title, body, tags, front, folder, file }: Content, updated_at?: string) {
  const content = { title, body, tags, front, folder, file };
  const { number, seq } = row;
  return { type: "updated", number, seq, updated_at, ...content, derived: await derive(content) } satisfies Write;
}

/** Moves a note to the trash. Its versions stay, and its id stays taken. */
export async function trash(desk: Desk, id: string, waiting?: Waiting): Promise<NoteRow> {
  const plan = async () => {
    const { number, seq } = await findLive(desk, id);
    return { action: "delete_note", at: desk.now(), writes: [{ type: "deleted" as const, number, seq }] };
  };
  const [row] = await commit(desk, plan, { ...waiting, about: id });
  return row;
}

/** Brings a note back from the trash; one that is not there is a conflict. */
export async function untrash(desk: Desk, id: string, waiting?: Waiting): Promise<NoteRow> {
  const plan = async () => {
    const row = await findAny(desk, id);
    if (row.deleted_at === null)
      throw new NotesError("conflict", `Note ${id} is not in the trash: nothing to restore.`);
    const { number, seq } = row;
    return {
      action: "restore_note",
      at: desk.now(),
      writes: [{ type: "restored" as const, number, seq, derived: await derive(row) }],
    };
  };
  const [row] = await commit(desk, plan, { ...waiting, about: id });
  return row;
}
