import type { SearchQuery, Waiting } from "./store.ts";

/** Places of a ranking that are worked out at first. To go deeper it is made again, twice as deep each time. */
const depth = 256;

/** Rankings that are kept for their next pages. */
const kept = 8;

interface Ranking {
  numbers: number[];
  /** How many numbers were asked for: fewer of them are all there are. */
  places: number;
  /** The last change it knows. */
  seq: number;
}

interface Source {
  /** The last change there is. */
  latest: () => Promise<number>;
  /** The numbers of the best notes, best first. */
  rank: (query: SearchQuery, places: number, waiting?: Waiting) => Promise<number[]>;
}

/**
 * The numbers of a page, best first. No index has the order of ranks: each is worked out, for every note that has the words.
 * So a ranking is kept for the pages behind the first one, until anything changes.
 */
export function createRankings({ latest, rank }: Source) {
  const rankings = new Map<string, Ranking>();
  return async (query: SearchQuery, waiting?: Waiting): Promise<number[]> => {
    const { terms, tag, ceiling, offset, limit } = query;
    const name = JSON.stringify([terms, tag, ceiling]);
    const seq = await latest();
    const end = offset + limit;
    let ranking = rankings.get(name);
    if (ranking?.seq !== seq || (ranking.places < end && ranking.numbers.length === ranking.places)) {
      const places = Math.max(depth, 2 ** Math.ceil(Math.log2(end)));
      ranking = { numbers: await rank(query, places, waiting), places, seq };
    }
    rankings.delete(name);
    rankings.set(name, ranking);
    for (const old of rankings.keys()) if (rankings.size > kept) rankings.delete(old);
    return ranking.numbers.slice(offset, end);
  };
}
