import { createHash } from "node:crypto";
import { z } from "zod";
import { type Desk, derive, full, toNote } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { limits, NewNote, type Note, parse } from "./note.ts";
import type { NoteRow, Waiting } from "./store/store.ts";

export const IdempotencyKey = z
  .string()
  .min(1)
  .max(limits.keyCharacters)
  .refine((key) => key.isWellFormed() && !/\p{Cc}/u.test(key), "must be whole characters without control characters")
  .describe(
    "Any text of your choice that names this one request. Repeating the call with the same key within 7 days answers with the notes it made the first time and makes no others.",
  );

export type Created = { note: Note } | { error: NotesError };

/** A note to be made. An import keeps the day a note was first written. */
export type Draft = NewNote & { created_at?: string };

const keyLifeMs = 7 * 24 * 60 * 60 * 1000;

export interface CreateOptions extends Waiting {
  /** The activity's name, and part of what an idempotency key stands for. */
  action: string;
  key?: string | undefined;
}

/** Makes several notes in one transaction, each with a result of its own: an item that is refused stops no other. */
export async function createAll(desk: Desk, drafts: Draft[], options: CreateOptions): Promise<Created[]> {
  const { action, key, ...waiting } = options;
  const checked = drafts.map(check);
  const refused = checked.map((item) => (item instanceof NotesError ? item : undefined));
  const input = createHash("sha256")
    .update(JSON.stringify([action, drafts]))
    .digest("base64url");
  const at = desk.now();
  for (;;) {
    const writes = checked.flatMap((item, index) => {
      if (item instanceof NotesError || refused[index]) return [];
      return [{ type: "created" as const, ...item, derived: derive(item) }];
    });
    if (writes.length === 0) return refused.flatMap((error) => (error ? [{ error }] : []));
    const committed = await desk.store.commit(
      { action, at, writes, ...(key !== undefined && { key: keyRow(key, input, at, refused) }) },
      waiting,
    );
    if (committed.outcome === "done") return results(committed.rows, refused);
    if (committed.outcome === "replayed") {
      if (committed.same) return results(await firstVersions(desk, committed.numbers), refusals(committed.answer));
      throw new NotesError(
        "conflict",
        "idempotency_key: was used for another request. Use a new key for new notes, or repeat the first request exactly.",
      );
    }
    if (committed.outcome === "full") {
      // The first items get the places that are left.
      let free = committed.free;
      checked.forEach((item, index) => {
        if (!(item instanceof NotesError) && free-- <= 0) refused[index] ??= full();
      });
    }
  }
}

function check(draft: Draft): (NewNote & { tags: string[]; created_at?: string }) | NotesError {
  try {
    const { title, body, tags = [] } = parse(NewNote, draft);
    return { title, body, tags, ...(draft.created_at !== undefined && { created_at: draft.created_at }) };
  } catch (error) {
    if (error instanceof NotesError) return error;
    throw error;
  }
}

type Refused = (NotesError | undefined)[];

function keyRow(key: string, input: string, at: string, refused: Refused) {
  const answer = JSON.stringify(refused.map((error) => error && { code: error.code, message: error.message }));
  return {
    key: parse(IdempotencyKey, key),
    input,
    answer,
    expired: new Date(Date.parse(at) - keyLifeMs).toISOString(),
  };
}

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

/** The notes as the first answer showed them, whatever became of them. */
async function firstVersions({ store }: Desk, numbers: number[]): Promise<NoteRow[]> {
  const rows = await store.find(numbers);
  return Promise.all(
    rows.map(async (row) => (row.version === 1 ? row : { ...row, ...(await store.revision(row.number, 1)) })),
  );
}
