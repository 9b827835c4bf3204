import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { hasTag, matchOf, tagRange } from "./sqlite-query.ts";
import type { SearchQuery } from "./store.ts";

/** Places of a ranking that are worked out at first. To go deeper it is made again, twice as deep each time. */
const depth = 200;

/** Rankings that are kept for their next pages. */
const kept = 8;

interface Hit {
  number: number;
  rank: number;
}

interface Ranking {
  numbers: number[];
  /** How many numbers were asked for: fewer of them are all there are. */
  places: number;
  /** The last change it knows. */
  seq: number;
}

/**
 * Notes that are ranked in one turn of the event loop, in slices of a list: somewhat more than a million, which take SQLite half a second where
 * the words are in all of them. Each turn begins with counting them all, so that smaller ones would take longer in all.
 */
const slices = 60;

/**
 * Ranks the notes in which words occur. A rank is worked out for all of them, since it has no index; so a ranking is kept
 * for the pages behind the first one, until anything changes.
 */
export function createSearch(
  db: DatabaseSync,
  read: <Result>(attempt: () => Result) => Promise<Result>,
  slice: number,
) {
  const ranked = slices * slice;
  const rankings = new Map<string, Ranking>();
  const latest = db.prepare("SELECT coalesce(max(seq), 0) AS seq FROM activity");
  const seqNow = () => Number(latest.get()?.seq);

  async function rank({ terms, tag, ceiling }: SearchQuery, places: number): Promise<number[]> {
    const match = matchOf(terms);
    const filter =
      tag === undefined ? "" : `AND EXISTS (SELECT 1 FROM notes n WHERE n.number = words.rowid AND ${hasTag})`;
    const sql = `SELECT rowid AS number, bm25(words, 10, 1, 1, 10) AS rank FROM words
      WHERE words MATCH ? AND rowid > ? AND rowid <= ? ${filter} ORDER BY rank, rowid DESC LIMIT ?`;
    let best: Hit[] = [];
    for (let to = ceiling; to > 0; to -= ranked) {
      if (to < ceiling) await nextTurn();
      const values = tag === undefined ? [] : tagRange(tag);
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

  /** The numbers of a page, best first. */
  return async (query: SearchQuery): Promise<number[]> => {
    const { terms, tag, ceiling, offset, limit } = query;
    const name = JSON.stringify([terms, tag, ceiling]);
    const seq = await read(seqNow);
    const end = offset + limit;
    let ranking = rankings.get(name);
    if (ranking?.seq !== seq || (ranking.places < end && ranking.numbers.length === ranking.places)) {
      const places = Math.max(depth, 2 ** Math.ceil(Math.log2(end)));
      ranking = { numbers: await rank(query, places), places, seq };
    }
    rankings.delete(name);
    rankings.set(name, ranking);
    for (const old of rankings.keys()) if (rankings.size > kept) rankings.delete(old);
    return ranking.numbers.slice(offset, end);
  };
}
