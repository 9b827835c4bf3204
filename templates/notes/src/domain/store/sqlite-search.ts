import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { listsAsked } from "./listed.ts";
import { createRankings } from "./rankings.ts";
import { matchOf, standsIn } from "./sqlite-query.ts";
import type { SearchQuery } from "./store.ts";

interface Hit {
  number: number;
  rank: number;
}

/**
 * Notes that are ranked in one turn of the event loop, in slices of a list: 600,000, for which SQLite works half a second
 * where the words are in all of them. Each turn begins with counting all that have the words: ten turns for a million would
 * take twice as long as two.
 */
const slices = 30;

export function createSearch(
  db: DatabaseSync,
  read: <Result>(attempt: () => Result) => Promise<Result>,
  slice: number,
) {
  const ranked = slices * slice;
  const latest = db.prepare("SELECT coalesce(max(seq), 0) AS seq FROM activity");

  async function rank({ terms, tag, ceiling }: SearchQuery, places: number): Promise<number[]> {
    const match = matchOf(terms);
    const [list] = listsAsked({ ...(tag !== undefined && { tag }) });
    const filter = list === undefined ? "" : `AND ${standsIn("words.rowid")}`;
    const values = list === undefined ? [] : [list, 0];
    const sql = `SELECT rowid AS number, bm25(words, 10, 1, 1, 10) AS rank FROM words
      WHERE words MATCH ? AND rowid > ? AND rowid <= ? ${filter} ORDER BY rank, rowid DESC LIMIT ?`;
    let best: Hit[] = [];
    for (let to = ceiling; to > 0; to -= ranked) {
      if (to < ceiling) await nextTurn();
      const hits = await read(() =>
        db
          .prepare(sql)
          .all(match, Math.max(0, to - ranked), to, ...values, places)
          .map(({ number, rank }): Hit => ({ number: Number(number), rank: Number(rank) })),
      );
      best = best.length === 0 ? hits : [...best, ...hits].sort((a, b) => a.rank - b.rank || b.number - a.number);
      if (best.length > places) best.length = places;
    }
    return best.map(({ number }) => number);
  }

  return createRankings({ latest: () => read(() => Number(latest.get()?.seq)), rank });
}
