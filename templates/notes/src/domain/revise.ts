import { commit, type Desk, derive, findAny, findLive, toNote } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { Body, idOf, type Note, parse, Tags, Title } from "./note.ts";
import type { Change, Content, NoteRow, Waiting, Write } from "./store/store.ts";
import { linkTarget, retarget, titleKey } from "./text/links.ts";

export interface ReviseOptions extends Waiting {
  action: string;
  /** What the store keeps, where the request has a key. */
  key?: Change["key"];
  /** The version the caller has read; another one is a conflict. */
  ifVersion?: number | undefined;
}

/**
 * Changes title, body or tags of a note, and the links to it where the title changed. No difference, no new version.
 */
export async function revise(
  desk: Desk,
  id: string,
  change: (row: NoteRow) => Content | Promise<Content>,
  { action, ifVersion, ...committing }: ReviseOptions,
): Promise<Note> {
  const plan = async () => {
    const { seq: latest } = await desk.store.head();
    const row = await findLive(desk, id);
    checkVersion(row, ifVersion);
    const content = checked(await change(row));
    if (same(row, content)) return row;
    const renamed = titleKey(content.title) !== titleKey(row.title);
    if (!renamed) return { action, at: desk.now(), writes: [updated(row, content)] };
    // Notes that link here are found by reading: none may be added meanwhile.
    return { action, at: desk.now(), writes: await rename(desk, row, content), latest };
  };
  const [row] = await commit(desk, plan, committing);
  return toNote(row);
}

function checkVersion(row: NoteRow, ifVersion: number | undefined): void {
  if (ifVersion === undefined || ifVersion === row.version) return;
  throw new NotesError(
    "conflict",
    `Note ${idOf(row.number)} is at version ${row.version}, not ${ifVersion}. Nothing was changed. Read it with get_note, then apply your change to that version.`,
  );
}

const checked = ({ title, body, tags }: Content): Content => ({
  title: parse(Title, title),
  body: parse(Body, body),
  tags: parse(Tags, tags),
});

const same = (a: Content, b: Content): boolean =>
  a.title === b.title && a.body === b.body && JSON.stringify(a.tags) === JSON.stringify(b.tags);

const updated = (row: NoteRow, content: Content): Write => ({
  type: "updated",
  number: row.number,
  seq: row.seq,
  ...content,
  derived: derive(content),
});

/** The note under its new title first, then every note whose links follow it. */
async function rename({ store }: Desk, row: NoteRow, content: Content): Promise<Write[]> {
  const oldKey = titleKey(row.title);
  const [owner] = await store.titled(oldKey);
  if (owner !== row.number) return [updated(row, content)]; // links by this title go to an older note
  const [holder = row.number] = await store.titled(titleKey(content.title));
  const target = linkTarget(row.number, content.title, holder >= row.number);
  const writes = [updated(row, { ...content, body: follow(row.number, content.body, oldKey, target) })];
  for (let after = 0; ; ) {
    const numbers = await store.linking([oldKey], { after, limit: 100 });
    const others = await store.find(numbers.filter((number) => number !== row.number));
    for (const other of others) {
      const { number, title, tags } = other;
      writes.push(updated(other, { title, tags, body: follow(number, other.body, oldKey, target) }));
    }
    const last = numbers.at(-1);
    if (last === undefined) return writes;
    after = last;
  }
}

function follow(number: number, body: string, key: string, target: ReturnType<typeof linkTarget>): string {
  const followed = Body.safeParse(retarget(body, key, target));
  if (followed.success) return followed.data;
  throw new NotesError(
    "quota",
    `The longer title would make the links in note ${idOf(number)} pass its limit. Choose a shorter one.`,
  );
}

/** Moves a note to the trash. Its versions stay, and its id stays taken. */
export async function trash(desk: Desk, id: string, waiting?: Waiting): Promise<NoteRow> {
  const plan = async () => {
    const { number, seq } = await findLive(desk, id);
    return { action: "delete_note", at: desk.now(), writes: [{ type: "deleted" as const, number, seq }] };
  };
  const [row] = await commit(desk, plan, waiting);
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
      writes: [{ type: "restored" as const, number, seq, derived: derive(row) }],
    };
  };
  const [row] = await commit(desk, plan, waiting);
  return row;
}
