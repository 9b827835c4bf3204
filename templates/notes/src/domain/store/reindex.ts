import type { DatabaseSync } from "node:sqlite";
import { derive } from "../derive.ts";
import { basenameOf } from "../file-name.ts";
import { unicode, indexVersion as wanted } from "./index-version.ts";
import { createIndex } from "./sqlite-index.ts";
import { readNote } from "./sqlite-rows.ts";
import { writing } from "./statement.ts";
import type { NoteRow } from "./store.ts";

const indexOf = (db: DatabaseSync) => db.prepare("SELECT value FROM state WHERE name = 'index'").get()?.value;

/** Whether what is kept beside the notes was made by this code on this Unicode. */
export const isIndexed = (db: DatabaseSync): boolean => indexOf(db) === wanted;

/** Whether a note has what it had: the third derivation knows a name that no file can have, the fourth footnotes. */
const isAsBefore = ({ file, title, deleted_at, body }: NoteRow, before: number): boolean =>
  deleted_at !== null || (!body.includes("[^") && (before === 3 || file !== null || basenameOf(title) === title));

/** Makes again, from the notes, what is kept beside them. All of it or nothing; a damaged note is left out. */
export async function reindex(db: DatabaseSync): Promise<void> {
  const index = createIndex(db);
  const notes = db.prepare("SELECT * FROM notes WHERE number > ? ORDER BY number LIMIT 100");
  db.exec("BEGIN IMMEDIATE");
  try {
    if (isIndexed(db)) {
      db.exec("ROLLBACK"); // another process has done it meanwhile
      return;
    }
    const before = [2, 3].find((derivation) => indexOf(db) === `${derivation} ${unicode}`);
    if (before === undefined) {
      db.exec("DELETE FROM links; DELETE FROM names; DELETE FROM note_tags; DELETE FROM tags; DELETE FROM listed");
      db.exec("INSERT INTO words (words) VALUES ('delete-all')");
    }
    for (let after = 0; ; ) {
      const rows = notes.all(after);
      const last = rows.at(-1);
      if (last === undefined) break;
      for (const columns of rows) {
        try {
          const row = readNote(columns);
          if (before !== undefined && isAsBefore(row, before)) continue;
          const derived = await derive(row);
          if (before !== undefined) index.replace(row, derived, true);
          else if (row.deleted_at === null) index.add(row, derived);
          else index.addTrashed(row, derived);
        } catch (error) {
          if (!(error instanceof Error && "code" in error && error.code === "damaged")) throw error;
        }
      }
      after = Number(last.number);
    }
    writing(db, "UPDATE state SET value = ? WHERE name = 'index'").run(wanted);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
