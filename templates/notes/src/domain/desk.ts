import { NotesError } from "./errors.ts";
import { idOf, limits, type Note, numberOf } from "./note.ts";
import type { Change, Content, Derived, NoteRow, NoteStore, Waiting } from "./store/store.ts";
import { linkKeys, titleKey } from "./text/links.ts";
import { wordsIn } from "./text/search.ts";

/** What every operation works with. */
export interface Desk {
  store: NoteStore;
  /** The time as ISO text in UTC. It dates notes and never orders them: clocks go backwards. */
  now: () => string;
}

export const toNote = (row: NoteRow): Note => ({
  id: idOf(row.number),
  title: row.title,
  tags: row.tags,
  version: row.version,
  created_at: row.created_at,
  updated_at: row.updated_at,
  size_bytes: row.size,
  body: row.body,
});

export const derive = ({ title, body }: Content): Derived => ({
  titleKey: titleKey(title),
  links: linkKeys(body),
  words: wordsIn(title, body),
});

/** The note of an id, trashed or not. */
export async function findAny({ store }: Desk, id: string): Promise<NoteRow> {
  const [row] = await store.find([numberOf(id)]);
  if (row) return row;
  throw new NotesError("not_found", `There is no note ${id}. Call list_notes or search_notes to see the ids.`);
}

export async function findLive(desk: Desk, id: string): Promise<NoteRow> {
  const row = await findAny(desk, id);
  if (row.deleted_at === null) return row;
  throw new NotesError("not_found", `Note ${id} is in the trash. Call restore_note to bring it back.`);
}

/** Past it, other writers are so busy that this one cannot get a word in. */
const attempts = 40;

/**
 * Plans a change from what it reads, commits it, and plans again where somebody was faster. A plan that ends in a note
 * instead of a change has nothing to do. Answers with the notes written, in their order.
 */
export async function commit(
  { store }: Desk,
  plan: () => Promise<Change | NoteRow>,
  waiting?: Waiting,
): Promise<[NoteRow, ...NoteRow[]]> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const change = await plan();
    if (!("writes" in change)) return [change];
    const committed = await store.commit(change, waiting);
    if (committed.outcome === "full") throw full();
    if (committed.outcome !== "done") continue;
    const [first, ...others] = committed.rows;
    if (first) return [first, ...others];
  }
  throw new NotesError(
    "busy",
    "Other calls keep changing these notes. Nothing was changed. Try again in a few seconds.",
  );
}

export const full = (): NotesError =>
  new NotesError(
    "quota",
    `There are ${limits.notes} notes, the most this server keeps. Delete some with delete_note first.`,
  );
