import { derive } from "../../derive.ts";
import { NotesError } from "../../errors.ts";
import { indexVersion } from "../index-version.ts";
import { readNote } from "../sqlite-rows.ts";
import { indexNotes } from "./index-notes.ts";
import type { Database, Query } from "./pool.ts";
import { lockOwner } from "./write.ts";

/** Notes in one transaction: other instances write in between. */
const batch = 100;

/**
 * Makes again, from the notes, what is kept beside them, where an older server or an older Unicode made it. An older server
 * that starts while a newer one runs leaves it as it is. A damaged note is left out.
 */
export async function reindex({ read, change }: Database): Promise<void> {
  const select = (text: string) => read(async (query) => (await query.query(text)).rows);
  const [meta] = await select("SELECT index FROM meta");
  if (meta.index !== "" && meta.index.localeCompare(indexVersion, "en", { numeric: true }) >= 0) return;
  for (const { owner } of await select("SELECT owner FROM owners")) {
    for (let after: number | undefined = 0; after !== undefined; ) {
      const from: number = after;
      after = await change(async (query) => [true, await indexBatch(query, owner, from)]);
    }
  }
  await change(async (query) => [true, await query.query("UPDATE meta SET index = $1", [indexVersion])]);
}

/** @returns the last number it has seen, or undefined at the end */
async function indexBatch(query: Query, owner: number, after: number): Promise<number | undefined> {
  await lockOwner(query, owner);
  const text = "SELECT * FROM notes WHERE owner = $1 AND number > $2 ORDER BY number LIMIT $3";
  const { rows } = await query.query(text, [owner, after, batch]);
  const whole = rows.flatMap((columns) => {
    try {
      return [readNote(columns)];
    } catch (error) {
      if (error instanceof NotesError) return [];
      throw error;
    }
  });
  const live = whole.filter((row) => row.deleted_at === null);
  const indexed = live.map(async (row) => ({ row, derived: await derive(row), wasLive: true }));
  await indexNotes(query, owner, await Promise.all(indexed));
  return rows.at(-1)?.number;
}
