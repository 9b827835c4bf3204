import type { DatabaseSync } from "node:sqlite";
import { NotesError } from "../errors.ts";
import { lastPart, titleKey } from "../text/names.ts";
import type { Blobs } from "./blobs.ts";
import { createQueue, patiently } from "./busy.ts";
import { toNotesError } from "./failure.ts";
import type { Guard } from "./guard.ts";
import { createLists } from "./sqlite-list.ts";
import { destination } from "./sqlite-query.ts";
import { readAttachment, readName, readNote, readRevision, readRevisionHead } from "./sqlite-rows.ts";
import { createSearch } from "./sqlite-search.ts";
import { createKeyReader, createWriter } from "./sqlite-write.ts";
import type { ActivityRow, NoteStore, Waiting } from "./store.ts";

export interface SqliteOptions {
  /** How long a call waits for another process's lock, in milliseconds. */
  budgetMs: number;
  /** How often another process's changes are looked for, in milliseconds. */
  pollMs: number;
  /** Live notes there may be. */
  most: number;
  /** Notes that a list looks at in one turn of the event loop: 20,000 take some twenty milliseconds. */
  slice: number;
}

/**
 * The store over a database that openSqlite has checked and migrated.
 *
 * @param open another connection to it, which only reads
 */
export function createSqliteStore(
  db: DatabaseSync,
  guard: Guard,
  { open, blobs, of }: { open: () => DatabaseSync; blobs: Blobs; of: (owner: string) => Promise<NoteStore> },
  { budgetMs, pollMs, most, slice }: SqliteOptions,
): NoteStore {
  const used = createKeyReader(db);
  const write = createWriter(db, used, { most, guard });
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

  const openReader = () => {
    guard.check();
    return open();
  };
  const { search, close: closeSearch } = createSearch(db, openReader, read, slice);

  const noteStatement = db.prepare("SELECT * FROM notes WHERE number = ?");
  const find = (numbers: number[]) =>
    numbers.flatMap((number) => {
      const columns = noteStatement.get(number);
      return columns === undefined ? [] : [readNote(columns)];
    });

  const store: NoteStore = {
    find: (numbers) => read(() => find(numbers)),
    ...createLists(db, read, slice),
    search: async (query) => {
      const numbers = await search(query);
      const rows = await read(() => find(numbers));
      return rows.filter(({ deleted_at }) => deleted_at === null); // one may have gone to the trash meanwhile
    },
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
          .prepare("SELECT tag, notes FROM tags WHERE tag > ? ORDER BY tag LIMIT ?")
          .all(after, limit)
          .map(({ tag, notes }) => ({ tag: String(tag), notes: Number(notes) })),
      ),
    folders: ({ after, limit }) =>
      read(() =>
        db
          .prepare(
            `SELECT folder, notes FROM folders WHERE folder ${after === undefined ? ">=" : ">"} ? ORDER BY folder LIMIT ?`,
          )
          .all(after ?? "", limit)
          .map(({ folder, notes }) => ({ folder: String(folder), notes: Number(notes) })),
      ),
    placed: (folder, file) =>
      read(() => {
        const found = db
          .prepare(
            "SELECT number FROM notes WHERE folder = ? AND file = ? AND deleted_at IS NULL ORDER BY number LIMIT 1",
          )
          .get(folder, file);
        return found && Number(found.number);
      }),
    named: (keys) =>
      read(() =>
        db
          .prepare("SELECT * FROM names WHERE key IN (SELECT value FROM json_each(?)) ORDER BY note")
          .all(JSON.stringify(keys))
          .map(readName),
      ),
    linking: (number, { after = 0, limit }) =>
      read(() =>
        db
          .prepare(
            `SELECT DISTINCT l.note FROM names own JOIN links l ON l.key = own.key
             WHERE own.note = ? AND l.note > ? AND l.note <> own.note AND ${destination} = own.note ORDER BY l.note LIMIT ?`,
          )
          .all(number, after, limit)
          .map(({ note }) => Number(note)),
      ),
    blobs,
    attach: ({ path, sha256, size, updated_at }) => {
      const until = performance.now() + budgetMs;
      const keep = () => {
        guard.check();
        db.prepare(
          "INSERT OR REPLACE INTO attachments (path, key, sha256, size, updated_at) VALUES (?, ?, ?, ?, ?)",
        ).run(path, titleKey(lastPart(path)), sha256, size, updated_at);
        guard.check();
      };
      return inTurn(() => patient(keep, until));
    },
    attachment: (path) =>
      read(() => {
        const columns = db.prepare("SELECT * FROM attachments WHERE path = ?").get(path);
        return columns && readAttachment(columns);
      }),
    attachments: ({ after = "", limit }) =>
      read(() =>
        db
          .prepare("SELECT * FROM attachments WHERE path > ? ORDER BY path LIMIT ?")
          .all(after, limit)
          .map(readAttachment),
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
                    (SELECT value FROM state WHERE name = 'live') AS live`,
          )
          .get();
        return { seq: Number(row?.seq), number: Number(row?.number), live: Number(row?.live) };
      }),
    used: (key) => read(() => used(key)),
    commit(change, waiting) {
      const until = performance.now() + budgetMs;
      return inTurn(() => patient(() => write(change), until, waiting));
    },
    async problem() {
      try {
        await read(() => {
          guard.check();
          guard.checkSchema();
        });
        return undefined;
      } catch (error) {
        // Another process's lock is no reason to be sent no more work.
        if (error instanceof NotesError && error.code !== "busy") return error.message;
        return error instanceof NotesError ? undefined : String(error);
      }
    },
    of: async (owner) => (owner === "" ? store : of(owner)),
    watch(wake) {
      const dataVersion = db.prepare("PRAGMA data_version");
      let seen: unknown;
      const look = () => {
        try {
          const now = dataVersion.get()?.data_version;
          if (seen !== undefined && now !== seen) wake();
          seen = now;
        } catch {
          // Closed, or locked just now. The timer looks again.
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
        closeSearch();
        try {
          guard.check();
          db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        } catch {
          // Another process is using the log, and checkpoints later; or the files are not where they were.
        }
        db.close();
      });
    },
  };
  return store;
}
