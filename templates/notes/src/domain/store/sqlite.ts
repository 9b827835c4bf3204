import type { DatabaseSync } from "node:sqlite";
import { NotesError } from "../errors.ts";
import { createQueue, patiently } from "./busy.ts";
import { toNotesError } from "./failure.ts";
import { hasTag, headColumns, leadsSomewhere, linkedFromElsewhere, listSql, matchOf } from "./sqlite-query.ts";
import { readHead, readNote, readRevision, readRevisionHead } from "./sqlite-rows.ts";
import { createKeyReader, createWriter } from "./sqlite-write.ts";
import type { ActivityRow, NoteStore, Waiting } from "./store.ts";

export interface SqliteOptions {
  /** How long a call waits for another process's lock, in milliseconds. */
  budgetMs: number;
  /** How often another process's changes are looked for, in milliseconds. */
  pollMs: number;
}

/** The store over a database that openSqlite has checked and migrated. */
export function createSqliteStore(db: DatabaseSync, { budgetMs, pollMs }: SqliteOptions): NoteStore {
  const used = createKeyReader(db);
  const write = createWriter(db, used);
  const inTurn = createQueue();
  let closed = false;

  async function patient<T>(attempt: () => T, until: number, waiting: Waiting = {}): Promise<T> {
    try {
      return await patiently(
        () => {
          if (closed) throw new NotesError("closed", "The notes are closed: the server is stopping.");
          return attempt();
        },
        { until, ...waiting },
      );
    } catch (error) {
      throw toNotesError(error);
    }
  }
  const read = <T>(attempt: () => T) => patient(attempt, performance.now() + budgetMs);

  const noteStatement = db.prepare("SELECT * FROM notes WHERE number = ?");
  const find = (numbers: number[]) =>
    numbers.flatMap((number) => {
      const columns = noteStatement.get(number);
      return columns === undefined ? [] : [readNote(columns)];
    });

  return {
    find: (numbers) => read(() => find(numbers)),
    list: (query) =>
      read(() => {
        const { sql, values } = listSql(query);
        return db
          .prepare(sql)
          .all(...values)
          .map(readHead);
      }),
    search: ({ terms, tag, ceiling, offset, limit }) =>
      read(() => {
        const filter = tag === undefined ? "" : `AND ${hasTag}`;
        const hits = db
          .prepare(
            `SELECT n.number FROM words JOIN notes n ON n.number = words.rowid WHERE words MATCH ? AND n.number <= ? ${filter}
             ORDER BY bm25(words, 10, 1, 1), n.number DESC LIMIT ? OFFSET ?`,
          )
          .all(matchOf(terms), ceiling, ...(tag === undefined ? [] : [tag]), limit, offset);
        return find(hits.map((hit) => Number(hit.number)));
      }),
    revisions: (number, { before = Number.MAX_SAFE_INTEGER, limit }) =>
      read(() =>
        db
          .prepare(
            "SELECT note, version, title, size, tags, updated_at FROM revisions WHERE note = ? AND version < ? ORDER BY version DESC LIMIT ?",
          )
          .all(number, before, limit)
          .map(readRevisionHead),
      ),
    revision: (number, version) =>
      read(() => {
        const columns = db.prepare("SELECT * FROM revisions WHERE note = ? AND version = ?").get(number, version);
        return columns && readRevision(columns);
      }),
    tags: ({ after = "", limit }) =>
      read(() =>
        db
          .prepare(
            `SELECT value AS tag, count(*) AS notes FROM notes n, json_each(n.tags)
             WHERE n.deleted_at IS NULL AND value > ? GROUP BY value ORDER BY value LIMIT ?`,
          )
          .all(after, limit)
          .map(({ tag, notes }) => ({ tag: String(tag), notes: Number(notes) })),
      ),
    titled: (titleKey) =>
      read(() =>
        db
          .prepare("SELECT number FROM notes WHERE title_key = ? AND deleted_at IS NULL ORDER BY number")
          .all(titleKey)
          .map(({ number }) => Number(number)),
      ),
    linking: (keys, { after = 0, limit }) =>
      read(() =>
        db
          .prepare(
            "SELECT DISTINCT note FROM links WHERE target IN (SELECT value FROM json_each(?)) AND note > ? ORDER BY note LIMIT ?",
          )
          .all(JSON.stringify(keys), after, limit)
          .map(({ note }) => Number(note)),
      ),
    orphans: ({ after = 0, limit }) =>
      read(() =>
        db
          .prepare(
            `SELECT ${headColumns} FROM notes n WHERE n.deleted_at IS NULL AND n.number > ? AND NOT ${linkedFromElsewhere}
             ORDER BY n.number LIMIT ?`,
          )
          .all(after, limit)
          .map(readHead),
      ),
    broken: ({ after = ["", 0], limit }) =>
      read(() =>
        db
          .prepare(
            `SELECT l.target, l.note FROM links l WHERE (l.target, l.note) > (?, ?) AND NOT ${leadsSomewhere}
             ORDER BY l.target, l.note LIMIT ?`,
          )
          .all(...after, limit)
          .map(({ target, note }) => ({ key: String(target), number: Number(note) })),
      ),
    activity: ({ after, before = Number.MAX_SAFE_INTEGER, limit }) =>
      read(() => {
        const [past, direction] = after === undefined ? ["<", "DESC"] : [">", "ASC"];
        return db
          .prepare(
            `SELECT seq, at, action, changes FROM activity WHERE seq ${past} ? ORDER BY seq ${direction} LIMIT ?`,
          )
          .all(after ?? before, limit)
          .map(
            ({ seq, at, action, changes }): ActivityRow => ({
              seq: Number(seq),
              at: String(at),
              action: String(action),
              changes: JSON.parse(String(changes)),
            }),
          );
      }),
    head: () =>
      read(() => {
        const row = db
          .prepare(
            `SELECT (SELECT coalesce(max(seq), 0) FROM activity) AS seq,
                    (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'notes') AS number,
                    (SELECT count(*) FROM notes WHERE deleted_at IS NULL) AS live`,
          )
          .get();
        return { seq: Number(row?.seq), number: Number(row?.number), live: Number(row?.live) };
      }),
    used: (key) => read(() => used(key)),
    commit(change, waiting) {
      const until = performance.now() + budgetMs;
      return inTurn(() => patient(() => write(change), until, waiting));
    },
    watch(wake) {
      const dataVersion = db.prepare("PRAGMA data_version");
      let seen: unknown;
      const look = () => {
        try {
          const now = dataVersion.get()?.data_version;
          if (seen !== undefined && now !== seen) wake();
          seen = now;
        } catch {
          // Closed, or locked just now. A timer has nobody to tell, and the next look comes.
        }
      };
      look();
      const timer = setInterval(look, pollMs).unref();
      return () => clearInterval(timer);
    },
    async close() {
      await inTurn(async () => {
        if (closed) return;
        closed = true;
        try {
          db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        } catch {
          // Another process is using the log: it, or the next start, checkpoints.
        }
        db.close();
      });
    },
  };
}
