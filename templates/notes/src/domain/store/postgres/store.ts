import { NotesError } from "../../errors.ts";
import { lastPart, titleKey } from "../../text/names.ts";
import { headColumns } from "../sqlite-query.ts";
import { readAttachment, readHead, readName, readNote, readRevision, readRevisionHead } from "../sqlite-rows.ts";
import type { ActivityRow, NoteStore } from "../store.ts";
import { createPostgresBlobs } from "./blobs.ts";
import { listen } from "./listen.ts";
import { migrations, newerSchema } from "./migrations.ts";
import type { Database, Query } from "./pool.ts";
import { createValues, destination, listSql, tagged } from "./query.ts";
import { conditionsOf } from "./words.ts";
import { lockCounters, readKey, write } from "./write.ts";

export interface PostgresStoreOptions {
  /** How often changes of other instances are looked for, beside the notices of them, in milliseconds. */
  pollMs: number;
  /** Live notes there may be. */
  most: number;
}

/** Ends a search by its weights: D, C, B, A. Titles and tags weigh ten times the body. */
const weights = "{0.1,0.1,0.1,1}";

/** The store over a database that openPostgres has migrated. Any number of processes may share it. */
export function createPostgresStore(database: Database, { pollMs, most }: PostgresStoreOptions): NoteStore {
  const stop = new Set<() => void>();
  /** The rows of one statement that only reads. */
  const select = (text: string, values: unknown[] = []) =>
    database.read(async (query) => (await query.query(text, values)).rows);

  async function find(query: Query, numbers: number[]) {
    const { rows } = await query.query("SELECT * FROM notes WHERE number = ANY ($1)", [numbers]);
    const found = new Map(rows.map((row) => [row.number, row]));
    return numbers.flatMap((number) => {
      const columns = found.get(number);
      return columns === undefined ? [] : [readNote(columns)];
    });
  }

  return {
    find: (numbers) => database.read((query) => find(query, numbers)),
    async list(query) {
      const { text, values } = listSql(query);
      return (await select(text, values)).map(readHead);
    },
    search: ({ terms, tag, ceiling, offset, limit }) =>
      database.read(async (query) => {
        const { narrowed, ranked, condition, values } = conditionsOf(terms, 6);
        const all = createValues();
        all.all.push(narrowed, ranked, ceiling, limit, offset, ...values);
        const filter = tag === undefined ? "" : `AND ${tagged(tag, "w.note", all)}`;
        const { rows } = await query.query(
          `SELECT w.note FROM words w
           WHERE w.found @@ $1::tsquery AND ${condition} AND w.note <= $3 ${filter}
           ORDER BY ts_rank('${weights}', w.found, $2::tsquery) DESC, w.note DESC LIMIT $4 OFFSET $5`,
          all.all,
        );
        return find(
          query,
          rows.map(({ note }) => note),
        );
      }),
    async revisions(number, { before = Number.MAX_SAFE_INTEGER, limit }) {
      const rows = await select(
        `SELECT note, version, title, size, tags, updated_at FROM revisions
         WHERE note = $1 AND version < $2 ORDER BY version DESC LIMIT $3`,
        [number, before, limit],
      );
      return rows.map(readRevisionHead);
    },
    async revision(number, version) {
      const [row] = await select("SELECT * FROM revisions WHERE note = $1 AND version = $2", [number, version]);
      return row && readRevision(row);
    },
    tags: ({ after = "", limit }) =>
      select("SELECT tag, notes FROM tags WHERE tag > $1 ORDER BY tag LIMIT $2", [after, limit]),
    folders: ({ after, limit }) =>
      select(
        `SELECT folder, count(*) AS notes FROM notes WHERE deleted_at IS NULL AND ($1::text IS NULL OR folder > $1)
         GROUP BY folder ORDER BY folder LIMIT $2`,
        [after ?? null, limit],
      ),
    async placed(folder, file) {
      const [row] = await select(
        `SELECT number FROM notes WHERE left(folder, 200) = left($1::text, 200) AND left(file, 200) = left($2::text, 200)
         AND folder = $1 AND file = $2 AND deleted_at IS NULL ORDER BY number LIMIT 1`,
        [folder, file],
      );
      return row?.number;
    },
    named: async (keys) =>
      (await select("SELECT * FROM names WHERE key = ANY ($1) ORDER BY note", [keys])).map(readName),
    linking: async (number, { after = 0, limit }) =>
      (
        await select(
          `SELECT DISTINCT l.note FROM names own JOIN links l ON l.key = own.key
           WHERE own.note = $1 AND l.note > $2 AND l.note <> own.note AND ${destination} = own.note ORDER BY l.note LIMIT $3`,
          [number, after, limit],
        )
      ).map(({ note }) => note),
    orphans: async ({ after = 0, limit }) =>
      (
        await select(
          `SELECT ${headColumns} FROM notes n WHERE n.deleted_at IS NULL AND n.number > $1 AND NOT EXISTS (
             SELECT 1 FROM names own JOIN links l ON l.key = own.key
             WHERE own.note = n.number AND l.note <> n.number AND ${destination} = n.number
           ) ORDER BY n.number LIMIT $2`,
          [after, limit],
        )
      ).map(readHead),
    broken: async ({ after = ["", 0], limit }) =>
      (
        await select(
          `SELECT l.path, l.note FROM links l
           WHERE left(l.path, 200) >= left($1::text, 200) COLLATE "C" AND (l.path, l.note) > ($1, $2)
           AND ${destination} IS NULL AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.key = l.key)
           ORDER BY left(l.path, 200), l.path, l.note LIMIT $3`,
          [...after, limit],
        )
      ).map(({ path, note }) => ({ path, number: note })),
    blobs: createPostgresBlobs(database),
    attach: ({ path, sha256, size, updated_at }) =>
      database.change(async (query) => {
        await lockCounters(query);
        await query.query("DELETE FROM attachments WHERE left(path, 200) = left($1::text, 200) AND path = $1", [path]);
        const values = [path, titleKey(lastPart(path)), sha256, size, updated_at];
        await query.query(
          "INSERT INTO attachments (path, key, sha256, size, updated_at) VALUES ($1, $2, $3, $4, $5)",
          values,
        );
        return [true, undefined];
      }),
    async attachment(path) {
      const [row] = await select(
        "SELECT * FROM attachments WHERE left(path, 200) = left($1::text, 200) AND path = $1",
        [path],
      );
      return row && readAttachment(row);
    },
    attachments: async ({ after = "", limit }) =>
      (
        await select(
          `SELECT * FROM attachments WHERE left(path, 200) >= left($1::text, 200) COLLATE "C" AND path > $1
           ORDER BY left(path, 200), path LIMIT $2`,
          [after, limit],
        )
      ).map(readAttachment),
    async activity({ after, before = Number.MAX_SAFE_INTEGER, limit }) {
      const [past, direction] = after === undefined ? ["<", "DESC"] : [">", "ASC"];
      const rows = await select(
        `SELECT seq, at, action, changes FROM activity WHERE seq ${past} $1 ORDER BY seq ${direction} LIMIT $2`,
        [after ?? before, limit],
      );
      return rows.map((row): ActivityRow => ({ ...row, changes: JSON.parse(row.changes) }));
    },
    async head() {
      const [row] = await select("SELECT seq, number, live FROM counters");
      return row;
    },
    used: (key) => database.read((query) => readKey(query, key)),
    commit: (change, { signal } = {}) =>
      database.change(async (query) => {
        const committed = await write(query, change, most);
        return [committed.outcome === "done", committed];
      }, signal),
    async problem() {
      try {
        const [row] = await select("SELECT schema FROM counters");
        return row.schema === migrations.length ? undefined : newerSchema(row.schema).message;
      } catch (error) {
        if (error instanceof NotesError && error.code !== "busy") return error.message;
        return error instanceof NotesError ? undefined : String(error);
      }
    },
    watch(wake) {
      const end = listen(database, wake, pollMs);
      stop.add(end);
      return () => {
        stop.delete(end);
        end();
      };
    },
    async close() {
      for (const end of stop) end();
      await database.close();
    },
  };
}
