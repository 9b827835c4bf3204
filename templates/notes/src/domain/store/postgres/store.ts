import { lastPart, titleKey } from "../../text/names.ts";
import { createQueue } from "../busy.ts";
import { listsAsked } from "../listed.ts";
import { createRankings } from "../rankings.ts";
import { headColumns } from "../sqlite-query.ts";
import { readAttachment, readHead, readName, readNote, readRevision, readRevisionHead } from "../sqlite-rows.ts";
import type { ActivityRow, NoteStore, Waiting } from "../store.ts";
import { createPostgresBlobs } from "./blobs.ts";
import { busy } from "./failure.ts";
import type { Listener } from "./listen.ts";
import type { Database, Query } from "./pool.ts";
import { createValues, destination, insertSql, linked, listSql, standsIn } from "./query.ts";
import { conditionsOf } from "./words.ts";
import { lockOwner, readKey, write } from "./write.ts";

/** What the stores of all owners share, and whose this one is. */
interface Shared {
  database: Database;
  listener: Listener;
  owner: number;
}

interface Own {
  /** How long a change waits for those before it, in milliseconds. */
  budgetMs: number;
  /** Live notes there may be, and notes or links that are looked at for one page of those that few are. */
  most: { live: number; looked: number };
  problem: NoteStore["problem"];
  of: NoteStore["of"];
  close: () => Promise<void>;
}

/** Ends a search by its weights: D, C, B, A. Titles and tags weigh ten times the body. */
const weights = "{0.1,0.1,0.1,1}";

/** The notes of an owner in a database that openPostgresStore has migrated. Any number of processes may share it. */
export function createPostgresStore(
  { database, listener, owner }: Shared,
  { budgetMs, most, problem, of, close }: Own,
): NoteStore {
  const stop = new Set<() => void>();
  /**
   * Changes of an owner wait for each other in any case. They do so here, one after another: waiting in the database each
   * would hold a connection, and reads would find all of them in use.
   */
  const inTurn = createQueue();
  const change = <T>(run: (query: Query) => Promise<[commit: boolean, T]>, signal?: AbortSignal): Promise<T> => {
    const until = performance.now() + budgetMs;
    return inTurn(() => {
      if (performance.now() >= until) throw busy();
      return database.change(run, { signal });
    });
  };

  /** The rows of one statement that only reads; $1 is the owner in all of them. */
  const selectUntil = (waiting: Waiting | undefined, text: string, ...values: unknown[]) =>
    database.read(async (query) => (await query.query(text, [owner, ...values])).rows, waiting);
  const select = (text: string, ...values: unknown[]) => selectUntil(undefined, text, ...values);

  const search = createRankings({
    latest: async () => (await select("SELECT seq FROM owners WHERE owner = $1"))[0]?.seq,
    async rank({ terms, tag, ceiling }, places, waiting) {
      const { narrowed, ranked, condition, values } = conditionsOf(owner, terms, 6);
      const all = createValues(owner, narrowed, ranked, ceiling, places, ...values);
      const lists = listsAsked({ ...(tag !== undefined && { tag }) });
      const filters = lists.map((list) => `AND ${standsIn(list, false, "w.note", all)}`).join(" ");
      const text = `SELECT w.note FROM words w
        WHERE w.found @@ $2::tsquery AND w.owner = $1 AND ${condition} AND w.note <= $4 ${filters}
        ORDER BY ts_rank('${weights}', w.found, $3::tsquery) DESC, w.note DESC LIMIT $5`;
      const { rows } = await database.read((query) => query.query(text, all.all), waiting);
      return rows.map(({ note }) => note);
    },
  });

  async function find(query: Query, numbers: number[]) {
    const { rows } = await query.query("SELECT * FROM notes WHERE owner = $1 AND number = ANY ($2)", [owner, numbers]);
    const found = new Map(rows.map((row) => [row.number, row]));
    return numbers.flatMap((number) => {
      const columns = found.get(number);
      return columns === undefined ? [] : [readNote(columns)];
    });
  }

  return {
    find: (numbers) => database.read((query) => find(query, numbers)),
    async list(query, waiting) {
      const { text, values } = listSql(owner, query);
      return (await database.read((on) => on.query(text, values), waiting)).rows.map(readHead);
    },
    async search(query, waiting) {
      const numbers = await search(query, waiting);
      const rows = await database.read((on) => find(on, numbers), waiting);
      return rows.filter(({ deleted_at }) => deleted_at === null); // one may have gone to the trash meanwhile
    },
    async revisions(number, { before = Number.MAX_SAFE_INTEGER, limit }) {
      const rows = await select(
        `SELECT note, version, title, size, tags, updated_at FROM revisions
         WHERE owner = $1 AND note = $2 AND version < $3 ORDER BY version DESC LIMIT $4`,
        number,
        before,
        limit,
      );
      return rows.map(readRevisionHead);
    },
    async revision(number, version) {
      const [row] = await select(
        "SELECT * FROM revisions WHERE owner = $1 AND note = $2 AND version = $3",
        number,
        version,
      );
      return row && readRevision(row);
    },
    tags: ({ after = "", limit }) =>
      select("SELECT tag, notes FROM tags WHERE owner = $1 AND tag > $2 ORDER BY tag LIMIT $3", after, limit),
    folders: ({ after, limit }) =>
      select(
        `SELECT folder, notes FROM folders
         WHERE owner = $1 AND left(folder, 200) >= left($2::text, 200) COLLATE "C" AND folder ${after === undefined ? ">=" : ">"} $2
         ORDER BY left(folder, 200), folder LIMIT $3`,
        after ?? "",
        limit,
      ),
    async placed(folder, file) {
      const [row] = await select(
        `SELECT number FROM notes WHERE owner = $1 AND left(folder, 200) = left($2::text, 200) AND left(file, 200) = left($3::text, 200)
         AND folder = $2 AND file = $3 AND deleted_at IS NULL ORDER BY number LIMIT 1`,
        folder,
        file,
      );
      return row?.number;
    },
    named: async (keys) =>
      (
        await select(
          `SELECT * FROM names WHERE owner = $1 AND key = ANY ($2)
           AND left(key, 200) = ANY (ARRAY(SELECT left(k, 200) FROM unnest($2::text[]) k)) ORDER BY note`,
          keys,
        )
      ).map(readName),
    linking: async (number, { after = 0, limit }) =>
      (
        await select(
          `SELECT DISTINCT l.note FROM names own JOIN links l ON ${linked}
           WHERE own.owner = $1 AND own.note = $2 AND l.note > $3 AND l.note <> own.note AND ${destination} = own.note ORDER BY l.note LIMIT $4`,
          number,
          after,
          limit,
        )
      ).map(({ note }) => note),
    async orphans({ after = 0, limit }, waiting) {
      const until = after + most.looked;
      const text = `SELECT ${headColumns} FROM notes n WHERE n.owner = $1 AND n.deleted_at IS NULL AND n.number > $2 AND n.number <= $3 AND (
          SELECT 1 FROM names own JOIN links l ON ${linked}
          WHERE own.owner = $1 AND own.note = n.number AND l.note <> n.number AND ${destination} = n.number LIMIT 1
        ) IS NULL ORDER BY n.number LIMIT $4`;
      const rows = (await selectUntil(waiting, text, after, until, limit)).map(readHead);
      const [last] = await select("SELECT number FROM owners WHERE owner = $1");
      return rows.length < limit && until < last.number ? { rows, until: [until, 0] } : { rows };
    },
    async broken({ after = ["", 0], limit }, waiting) {
      const from = `l.owner = $1 AND left(l.path, 200) >= left($2::text, 200) COLLATE "C" AND (l.path, l.note) > ($2, $3)`;
      const order = "ORDER BY left(l.path, 200), l.path, l.note";
      const [end] = await selectUntil(
        waiting,
        `SELECT l.path, l.note FROM links l WHERE ${from} ${order} LIMIT 1 OFFSET $4`,
        ...after,
        most.looked - 1,
      );
      const to = `left(l.path, 200) <= left($5::text, 200) COLLATE "C" AND (l.path, l.note) <= ($5, $6)`;
      const found = await selectUntil(
        waiting,
        `SELECT l.path, l.note FROM links l WHERE ${from} ${end ? `AND ${to}` : ""}
         AND ${destination} IS NULL AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.owner = $1 AND left(a.key, 200) = left(l.key, 200) AND a.key = l.key)
         ${order} LIMIT $4`,
        ...after,
        limit,
        ...(end ? [end.path, end.note] : []),
      );
      const rows = found.map(({ path, note }) => ({ path, number: note }));
      return rows.length < limit && end ? { rows, until: [end.path, end.note] } : { rows };
    },
    blobs: createPostgresBlobs(database),
    attach: ({ path, sha256, size, updated_at }) =>
      change(async (query) => {
        await lockOwner(query, owner);
        const old = "DELETE FROM attachments WHERE owner = $1 AND left(path, 200) = left($2::text, 200) AND path = $2";
        await query.query(old, [owner, path]);
        const columns = { path: "text", key: "text", sha256: "text", size: "bigint", updated_at: "text" };
        const row = { path, key: titleKey(lastPart(path)), sha256, size, updated_at };
        await query.query(insertSql(owner, "attachments", columns, [row]));
        return [true, undefined];
      }),
    async attachment(path) {
      const [row] = await select(
        "SELECT * FROM attachments WHERE owner = $1 AND left(path, 200) = left($2::text, 200) AND path = $2",
        path,
      );
      return row && readAttachment(row);
    },
    attachments: async ({ after = "", limit }) =>
      (
        await select(
          `SELECT * FROM attachments WHERE owner = $1 AND left(path, 200) >= left($2::text, 200) COLLATE "C" AND path > $2
           ORDER BY left(path, 200), path LIMIT $3`,
          after,
          limit,
        )
      ).map(readAttachment),
    async activity({ after, before = Number.MAX_SAFE_INTEGER, limit }) {
      const [past, direction] = after === undefined ? ["<", "DESC"] : [">", "ASC"];
      const rows = await select(
        `SELECT seq, at, action, changes FROM activity WHERE owner = $1 AND seq ${past} $2 ORDER BY seq ${direction} LIMIT $3`,
        after ?? before,
        limit,
      );
      return rows.map((row): ActivityRow => ({ ...row, changes: JSON.parse(row.changes) }));
    },
    async head() {
      const [row] = await select("SELECT seq, number, live FROM owners WHERE owner = $1");
      return row;
    },
    used: (key) => database.read((query) => readKey(query, owner, key)),
    commit: (wanted, { signal } = {}) =>
      change(async (query) => {
        const committed = await write(query, owner, wanted, most.live);
        return [committed.outcome === "done", committed];
      }, signal),
    problem,
    of,
    watch: (wake) => {
      const end = listener.watch(owner, wake);
      stop.add(end);
      return () => {
        stop.delete(end);
        end();
      };
    },
    async close() {
      for (const end of stop) end();
      await close();
    },
  };
}
