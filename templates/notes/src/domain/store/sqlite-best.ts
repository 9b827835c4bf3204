import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createQueue } from "./busy.ts";
import { inTag, matchOf, rankSql } from "./sqlite-query.ts";
import type { SearchQuery } from "./store.ts";

export type Read = <Result>(attempt: () => Result) => Promise<Result>;

export interface Hit {
  number: number;
  rank: number;
}

/** The best first, and of those with the same rank the newest. */
export const better = (a: Hit, b: Hit): number => a.rank - b.rank || b.number - a.number;

export const readHit = ({ number, rank }: Record<string, SQLOutputValue>): Hit => ({
  number: Number(number),
  rank: Number(rank),
});

/** Numbers from one note that is given back at least to the next. A prime: every tenth or fiftieth note may be gone. */
const apart = 1_999;

/** Time for which notes are ranked before others get their turn, in ms. */
const turnMs = 15;

/**
 * The best of many notes, from the newest on. All in one statement, because each begins with counting the notes that have the
 * words, a tenth of the whole work. Those that are worse than the best so far never leave SQLite.
 *
 * The statement goes on over many turns, so it has a connection of its own: on the one that writes, it would keep changes from
 * being written once another process has written something. One at a time: what overlaps would see no change for ever.
 *
 * @param first rows for the first account of how good the best are
 */
export function createBestOf(open: () => DatabaseSync, read: Read, first: number) {
  const inTurn = createQueue();
  let reader: DatabaseSync | undefined;

  /** Goes on from a note to older ones: to the last, or until so many were good enough that the next ones should be better. */
  async function goOn({ terms, tag }: SearchQuery, hits: Hit[], from: { note: number }, worst: number, enough: number) {
    const { condition, values } = inTag(tag);
    // By CASE, because SQLite would rank first and look at the tag then.
    const passes = `CASE WHEN ${condition("rowid")} THEN ${rankSql} < ? END`;
    // Some are given back whatever they are, so that no turn takes long.
    const sql = `SELECT rowid AS number, CASE WHEN ${passes} THEN ${rankSql} END AS rank FROM words
      WHERE words MATCH ? AND rowid < ? AND (${passes} OR rowid % ${apart} = 0) ORDER BY rowid DESC`;
    let rows: Iterator<Record<string, SQLOutputValue>> | undefined;
    const turn = () => {
      reader ??= open();
      rows ??= reader.prepare(sql).iterate(...values, worst, matchOf(terms), from.note, ...values, worst);
      for (const begin = performance.now(); performance.now() - begin < turnMs; ) {
        const { done, value } = rows.next();
        if (done) return "done";
        from.note = Number(value.number);
        if (value.rank !== null && hits.push(readHit(value)) >= enough) return "enough";
      }
      return "more";
    };
    try {
      for (;;) {
        const state = await read(turn);
        if (state !== "more") return state;
        await nextTurn();
      }
    } finally {
      if (reader?.isOpen) rows?.return?.();
    }
  }

  async function bestOf(query: SearchQuery, newest: Hit[], oldest: number, places: number): Promise<Hit[]> {
    let hits = newest;
    const from = { note: oldest };
    for (let enough = first; ; enough *= 2) {
      hits = hits.sort(better).slice(0, places);
      // Of the same rank, none that is older is better.
      const worst = hits.length < places ? Number.MAX_VALUE : Number(hits.at(-1)?.rank);
      if ((await goOn(query, hits, from, worst, places + enough)) === "done") return hits.sort(better);
    }
  }

  return Object.assign((...of: Parameters<typeof bestOf>) => inTurn(() => bestOf(...of)), {
    close: () => reader?.close(),
  });
}
