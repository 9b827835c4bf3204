import type { DatabaseSync } from "node:sqlite";
import { createRankings } from "./rankings.ts";
import { better, createBestOf, type Read, readHit } from "./sqlite-best.ts";
import { inTag, matchOf, rankSql } from "./sqlite-query.ts";
import type { SearchQuery } from "./store.ts";

/**
 * @param open another connection, which only reads
 * @param slice notes that are ranked at once, where there are no more
 */
export function createSearch(db: DatabaseSync, open: () => DatabaseSync, read: Read, slice: number) {
  const first = Math.ceil(slice / 10);
  const latest = db.prepare("SELECT coalesce(max(seq), 0) AS seq FROM activity");
  const bestOf = createBestOf(open, read, first);

  const ofFew = ({ terms, tag, ceiling }: SearchQuery, places: number) => {
    const { condition, values } = inTag(tag);
    const sql = `SELECT rowid AS number, ${rankSql} AS rank FROM words
      WHERE words MATCH ? AND rowid <= ? AND ${condition("rowid")} ORDER BY rank, rowid DESC LIMIT ?`;
    return db
      .prepare(sql)
      .all(matchOf(terms), ceiling, ...values, places)
      .map(readHit);
  };

  /** The newest that have the words, whatever their rank is. */
  function newest({ terms, tag, ceiling }: SearchQuery, limit: number) {
    const { condition, values } = inTag(tag);
    const sql = `SELECT number, rank, ${condition("number")} AS fits FROM (
        SELECT rowid AS number, ${rankSql} AS rank FROM words WHERE words MATCH ? AND rowid <= ? ORDER BY rowid DESC LIMIT ?
      )`;
    const rows = db.prepare(sql).all(...values, matchOf(terms), ceiling, limit);
    const hits = rows.filter(({ fits }) => Boolean(fits)).map(readHit);
    return { hits, oldest: rows.length === limit ? Number(rows.at(-1)?.number) : undefined };
  }

  async function rank(query: SearchQuery, places: number): Promise<number[]> {
    if (query.ceiling <= slice) return (await read(() => ofFew(query, places))).map(({ number }) => number);
    // Most words are in few notes.
    const { hits, oldest } = await read(() => newest(query, Math.max(first, 2 * places)));
    const best = oldest === undefined ? hits.sort(better) : await bestOf(query, hits, oldest, places);
    return best.slice(0, places).map(({ number }) => number);
  }

  return {
    search: createRankings({ latest: () => read(() => Number(latest.get()?.seq)), rank }),
    close: bestOf.close,
  };
}
