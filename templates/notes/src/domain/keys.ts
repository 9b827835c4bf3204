import { createHash } from "node:crypto";
import { z } from "zod";
import { NotesError } from "./errors.ts";
import { limits, parse } from "./note.ts";
import type { Change, KeyUse, NoteRow, NoteStore, Waiting } from "./store/store.ts";

/** Days for which the answer of a key is kept. */
export const keyDays = 7;
const keyLifeMs = keyDays * 24 * 60 * 60 * 1000;

export const IdempotencyKey = z
  .string()
  .min(1)
  .max(limits.keyCharacters)
  .refine((key) => key.isWellFormed() && !/\p{Cc}/u.test(key), "must be whole characters without control characters")
  .describe(
    `Any text of your choice that names this one request. Repeating the call with the same key within ${keyDays} days answers with the notes it made the first time and makes no others.`,
  );

/** How a change may be asked for a second time. */
export interface Asking extends Waiting {
  /** Names the request. It is the caller's own, and the operation's. */
  key?: string | undefined;
  /** @default one caller */
  by?: string | undefined;
}

/**
 * What the store keeps of a keyed request, in the transaction of its change: there is no moment at which one is on disk
 * without the other. `asked` is compared when the key comes again, `answer` is what the notes written do not tell.
 */
export function keyRow(
  { now }: { now: () => string },
  action: string,
  { key, by = "" }: Asking,
  asked: unknown,
  answer: unknown = null,
): Change["key"] {
  if (key === undefined) return undefined;
  return {
    key: JSON.stringify([by, action, parse(IdempotencyKey, key)]),
    input: createHash("sha256").update(JSON.stringify(asked)).digest("base64url"),
    answer: JSON.stringify(answer),
    expired: new Date(Date.parse(now()) - keyLifeMs).toISOString(),
  };
}

/** The notes as the first answer showed them, whatever became of them since. */
export async function replay({ store }: { store: NoteStore }, { same, written }: KeyUse): Promise<NoteRow[]> {
  if (!same) {
    throw new NotesError(
      "conflict",
      "idempotency_key: was used for another request. Use a new key for a new request, or repeat the first one exactly.",
    );
  }
  const rows = await store.find(written.map(([number]) => number));
  return Promise.all(
    rows.map(async (row, index) => {
      const version = written[index]?.[1] ?? row.version;
      if (row.version === version) return row;
      const revision = await store.revision(row.number, version);
      if (revision) return { ...row, ...revision };
      throw new NotesError(
        "conflict",
        `idempotency_key: the request was done, as version ${version} of note n${row.number}, which is no longer kept. Nothing was changed now. Read the note with get_note.`,
      );
    }),
  );
}
