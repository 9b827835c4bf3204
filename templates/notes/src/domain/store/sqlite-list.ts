import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Position } from "../cursor.ts";
import { isFiltered, listSql, narrowings, sliceSql } from "./sqlite-list-query.ts";
import { destination, headColumns } from "./sqlite-query.ts";
import { readHead } from "./sqlite-rows.ts";
import type { ListQuery, NoteHead, NoteStore } from "./store.ts";

type Read = <Result>(attempt: () => Result) => Promise<Result>;

/**
 * Lists whose time does not grow with the notes there are, and those that may have to look at many: a slice a turn, so
 * that others are served meanwhile.
 */
export function createLists(
  db: DatabaseSync,
  read: Read,
  slice: number,
): Pick<NoteStore, "list" | "orphans" | "broken"> {
  // Most pages are full after so many notes.
  const first = Math.ceil(slice / 20);
  // Each is looked up among the names of notes.
  const links = Math.ceil(slice / 4);
  const most = 4 * links;

  const heads = ({ sql, values }: { sql: string; values: (string | number)[] }) =>
    db
      .prepare(sql)
      .all(...values)
      .map(readHead);

  const narrowest = (query: ListQuery) =>
    narrowings(query).find(([sql, ...values]) => {
      const count = db.prepare(`SELECT count(*) AS notes FROM (${sql} LIMIT ${slice})`).get(...values);
      return Number(count?.notes) < slice;
    });

  function sliceOf(query: ListQuery, size: number): { rows: NoteHead[]; until: Position | undefined } {
    const { sql, values } = sliceSql(query, size);
    const end = db.prepare(sql).get(...values);
    const until: Position | undefined = end && [
      typeof end.key === "string" ? end.key : Number(end.key),
      Number(end.number),
    ];
    return { rows: heads(listSql(query, { until })), until };
  }

  return {
    async list(query) {
      if (!isFiltered(query)) return read(() => heads(listSql(query)));
      const { rows, until } = await read(() => sliceOf(query, first));
      if (rows.length === query.limit || until === undefined) return rows;
      // A filter that few notes pass: those are taken and sorted.
      const among = await read(() => narrowest(query));
      if (among) return read(() => heads(listSql(query, { among })));
      for (let after: Position | undefined = until; after && rows.length < query.limit; ) {
        await nextTurn();
        const rest: ListQuery = { ...query, after, limit: query.limit - rows.length };
        const next = await read(() => sliceOf(rest, slice));
        rows.push(...next.rows);
        after = next.until;
      }
      return rows;
    },
    async orphans({ after = 0, limit }) {
      const rows: NoteHead[] = [];
      for (let from = after; ; from += links, await nextTurn()) {
        const { found, last } = await read(() => ({
          found: db
            .prepare(
              `SELECT ${headColumns} FROM notes n WHERE n.deleted_at IS NULL AND n.number > ? AND n.number <= ? AND NOT EXISTS (
                 SELECT 1 FROM names own JOIN links l ON l.key = own.key
                 WHERE own.note = n.number AND l.note <> n.number AND ${destination} = n.number
               ) ORDER BY n.number LIMIT ?`,
            )
            .all(from, from + links, limit - rows.length)
            .map(readHead),
          last: Number(db.prepare("SELECT max(number) AS number FROM notes").get()?.number),
        }));
        rows.push(...found);
        const until = from + links;
        if (rows.length >= limit || until >= last) return { rows };
        if (until - after >= most) return { rows, until: [until, 0] };
      }
    },
    async broken({ after = ["", 0], limit }) {
      const rows: { path: string; number: number }[] = [];
      let from: Position | undefined = after;
      for (let looked = 0; from !== undefined && rows.length < limit; looked += links, await nextTurn()) {
        if (looked >= most) return { rows, until: from };
        const begin: Position = from;
        const { found, end } = await read(() => {
          const end = db
            .prepare("SELECT path, note FROM links WHERE (path, note) > (?, ?) ORDER BY path, note LIMIT 1 OFFSET ?")
            .get(...begin, links - 1);
          const found = db
            .prepare(
              `SELECT l.path, l.note FROM links l WHERE (l.path, l.note) > (?, ?) ${end ? "AND (l.path, l.note) <= (?, ?)" : ""}
               AND ${destination} IS NULL AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.key = l.key)
               ORDER BY l.path, l.note LIMIT ?`,
            )
            .all(...begin, ...(end ? [String(end.path), Number(end.note)] : []), limit - rows.length);
          return { found, end };
        });
        rows.push(...found.map(({ path, note }) => ({ path: String(path), number: Number(note) })));
        from = end && [String(end.path), Number(end.note)];
      }
      return { rows };
    },
  };
}
