import { setTimeout as pause } from "node:timers/promises";
import { NotesError } from "./errors.ts";
import { replay } from "./keys.ts";
import { idOf, type Note, numberOf } from "./note.ts";
import type { Change, KeyUse, NoteRow, NoteStore, Waiting } from "./store/store.ts";

/** What every operation works with. */
export interface Desk {
  store: NoteStore;
  /** "" for the common notes. */
  owner: string;
  /** Live notes there may be. */
  most: number;
  /** The time as ISO text in UTC. It dates notes and never orders them: clocks go backwards. */
  now: () => string;
}

export const toNote = (row: NoteRow): Note => ({
  id: idOf(row.number),
  title: row.title,
  tags: row.tags,
  folder: row.folder,
  version: row.version,
  created_at: row.created_at,
  updated_at: row.updated_at,
  size_bytes: row.size,
  body: row.body,
  ...(row.file !== null && { file: row.file }),
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

/** Past it, writers of other processes are so busy that this one cannot get a word in. */
const attempts = 40;

/**
 * Plans a change from what it reads, commits it, and plans again where another change came first. A plan that ends in a note
 * instead of a change has nothing to do. A key that was used before is answered before anything is planned: the change
 * it stands for may not fit any more, because it is done. Answers with the notes written, in their order.
 */
export function commit(
  desk: Desk,
  plan: () => Promise<Change | NoteRow>,
  { about, ...options }: Committing = {},
): Promise<[NoteRow, ...NoteRow[]]> {
  return about === undefined ? attempt(desk, plan, options) : inTurn(desk, about, () => attempt(desk, plan, options));
}

interface Committing extends Waiting {
  key?: Change["key"];
  /** The note it is about. Changes of one note are planned one after another: each would make the others' plans stale. */
  about?: string | undefined;
}

const turns = new WeakMap<Desk, Map<string, Promise<unknown>>>();

async function inTurn<Result>(desk: Desk, about: string, task: () => Promise<Result>): Promise<Result> {
  const last = turns.get(desk) ?? new Map<string, Promise<unknown>>();
  turns.set(desk, last);
  const result = (last.get(about) ?? Promise.resolve()).then(task);
  const settled = result.catch(() => {});
  last.set(about, settled);
  try {
    return await result;
  } finally {
    if (last.get(about) === settled) last.delete(about);
  }
}

async function attempt(
  desk: Desk,
  plan: () => Promise<Change | NoteRow>,
  { key, ...waiting }: Omit<Committing, "about">,
): Promise<[NoteRow, ...NoteRow[]]> {
  const { store } = desk;
  const repeated = async (use: KeyUse) => (await replay(desk, use)) as [NoteRow, ...NoteRow[]];
  for (let tried = 0; tried < attempts; tried++) {
    waiting.signal?.throwIfAborted();
    // Of several processes that are after one note, another is first now and then.
    if (tried > 0) await pause(Math.random() * Math.min(tried, 10) * 2);
    const before = key && (await store.used(key));
    if (before) return repeated(before);
    let change: Change | NoteRow;
    try {
      change = await plan();
    } catch (error) {
      const meanwhile = key && (await store.used(key));
      if (meanwhile) return repeated(meanwhile);
      throw error;
    }
    if (!("writes" in change)) return [change];
    const committed = await store.commit({ ...change, key }, waiting);
    if (committed.outcome === "full") throw full(desk);
    if (committed.outcome === "replayed") return repeated(committed);
    if (committed.outcome !== "done") continue;
    const [first, ...others] = committed.rows;
    if (first) return [first, ...others];
  }
  throw new NotesError(
    "busy",
    "Other calls keep changing these notes. Nothing was changed. Try again in a few seconds.",
  );
}

export const full = ({ most }: Desk): NotesError =>
  new NotesError(
    "quota",
    `There are ${most} notes, the most this server keeps. Delete some with delete_note, or ask the user to start it with a higher --max-notes.`,
  );
