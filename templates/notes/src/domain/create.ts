import { derive } from "./derive.ts";
import { type Desk, full, toNote } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { type Asking, keyRow, replay } from "./keys.ts";
import { NewNote, type Note, parse } from "./note.ts";
import type { Content, NoteRow, Write } from "./store/store.ts";

export type Created = { note: Note } | { error: NotesError };

/** A note to be made. An import keeps where a note was, when it was written and what its front matter said. */
export type Draft = NewNote & Partial<Pick<Content, "front" | "file">> & { created_at?: string; updated_at?: string };

export interface CreateOptions extends Asking {
  /** The activity's name. A key stands for one request of it. */
  action: string;
  /** Which of several changes that one key stands for. */
  batch?: number;
  /** What the key stands for. @default the drafts */
  asked?: unknown;
}

/** Makes several notes in one transaction, each with a result of its own: an item that is refused stops no other. */
export async function createAll(desk: Desk, drafts: Draft[], options: CreateOptions): Promise<Created[]> {
  const { action, batch = 0, asked = drafts, signal } = options;
  const checked = await Promise.all(drafts.map(check));
  const refused = checked.map((item) => (item instanceof NotesError ? item : undefined));
  const at = desk.now();
  for (;;) {
    const writes = checked.flatMap((item, index) => (item instanceof NotesError || refused[index] ? [] : [item]));
    if (writes.length === 0) return refused.flatMap((error) => (error ? [{ error }] : []));
    const committed = await desk.store.commit(
      { action, at, writes, key: keyRow(desk, `${action} ${batch}`, options, asked, refused.map(describeError)) },
      { ...(signal && { signal }) },
    );
    if (committed.outcome === "done") return results(committed.rows, refused);
    if (committed.outcome === "replayed") return results(await replay(desk, committed), refusals(committed.answer));
    if (committed.outcome === "full") {
      // The first items get the places that are left.
      let free = committed.free;
      checked.forEach((item, index) => {
        if (!(item instanceof NotesError) && free-- <= 0) refused[index] ??= full(desk);
      });
    }
  }
}

async function check(draft: Draft): Promise<Extract<Write, { type: "created" }> | NotesError> {
  try {
    const { title, body, tags = [], folder = "" } = parse(NewNote, draft.file ? { ...draft, folder: "" } : draft);
    const { front = "", file = null, created_at, updated_at } = draft;
    // The folder of a file is the user's, and whatever the system it comes from lets it be.
    const content = { title, body, tags, front, folder: file === null ? folder : (draft.folder ?? ""), file };
    return { type: "created", ...content, created_at, updated_at, derived: await derive(content) };
  } catch (error) {
    if (error instanceof NotesError) return error;
    throw error;
  }
}

type Refused = (NotesError | undefined)[];

const describeError = (error: NotesError | undefined) => error && { code: error.code, message: error.message };

const refusals = (answer: string): Refused =>
  JSON.parse(answer).map((error: Pick<NotesError, "code" | "message"> | null) => {
    return error ? new NotesError(error.code, error.message) : undefined;
  });

/** Rows and refusals, back in the order of the drafts. */
function results(rows: NoteRow[], refused: Refused): Created[] {
  const made = rows.values();
  return refused.flatMap((error): Created[] => {
    if (error) return [{ error }];
    const row = made.next().value;
    return row ? [{ note: toNote(row) }] : [];
  });
}
