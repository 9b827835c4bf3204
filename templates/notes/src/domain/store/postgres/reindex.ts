import { derive } from "../../derive.ts";
import { NotesError } from "../../errors.ts";
import { indexVersion } from "../index-version.ts";
import { readNote } from "../sqlite-rows.ts";
import { indexNotes } from "./index-notes.ts";
import type { Database } from "./pool.ts";
import { lockCounters } from "./write.ts";

/** Notes in one transaction: other instances write in between. */
const batch = 100;

/**
 * Makes again, from the notes, what is kept beside them, where an older server or an older Unicode made it. An older server
 * that starts while a newer one runs leaves it as it is. A damaged note is left out.
 */
export async function reindex({ read, change }: Database): Promise<void> {
  const wanted = indexVersion;
  const made = await read(async (query) => (await query.query("SELECT index FROM counters")).rows[0].index);
  if (made !== "" && made.localeCompare(wanted, "en", { numeric: true }) >= 0) return;
  for (let after: number | undefined = 0; after !== undefined; ) {
    const from: number = after;
    after = await change<number | undefined>(async (query) => {
      await lockCounters(query);
      const text = "SELECT * FROM notes WHERE number > $1 ORDER BY number LIMIT $2";
      const { rows } = await query.query(text, [from, batch]);
      const whole = rows.flatMap((columns) => {
        try {
          return [readNote(columns)];
        } catch (error) {
          if (error instanceof NotesError) return [];
          throw error;
        }
      });
      const live = whole.filter((row) => row.deleted_at === null);
      const indexed = live.map(async (row) => ({ number: row.number, derived: await derive(row), wasLive: true }));
      await indexNotes(query, await Promise.all(indexed));
      if (rows.length < batch) await query.query("UPDATE counters SET index = $1", [wanted]);
      return [true, rows.length < batch ? undefined : rows.at(-1).number];
    });
  }
}
