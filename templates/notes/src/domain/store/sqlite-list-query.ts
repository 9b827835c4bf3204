import type { Position } from "../cursor.ts";
import { listsAsked } from "./listed.ts";
import { headColumns, standsIn } from "./sqlite-query.ts";
import type { ListQuery } from "./store.ts";

type Condition = [condition: string, ...values: (string | number)[]];

/** What a listing goes along. `key`, `number` and `direction` are the only texts that reach ORDER BY. */
interface Way {
  from: Condition;
  place: Condition;
  key: string;
  number: string;
  direction: "ASC" | "DESC";
  /** What else is asked of each note on the way. */
  filters: Condition[];
}

/**
 * Along the few notes that are given, or along the list of a tag or a folder where one is asked for, which has no order by
 * title; or along all notes.
 */
function wayOf(query: ListQuery, among?: Condition): Way {
  const { sort, trashed, updatedAfter: after, updatedBefore: before } = query;
  const direction = sort.endsWith("_desc") ? "DESC" : "ASC";
  const lists = listsAsked(query);
  const list = among || sort === "title_asc" ? undefined : lists.shift();
  const filters = lists.map((other): Condition => [standsIn("n.number"), other, Number(trashed)]);
  // The plus keeps SQLite to the order of the way, where it would sort all that fit.
  if (after !== undefined || before !== undefined)
    filters.push(["+n.updated_at >= ? AND +n.updated_at < ?", after ?? "", before ?? "~"]);
  if (list !== undefined) {
    // CROSS: from the list to the notes, never the other way round.
    const from: Condition = ["listed l CROSS JOIN notes n ON n.number = l.note"];
    const place: Condition = ["l.list = ? AND l.trashed = ?", list, Number(trashed)];
    return { from, place, key: sort.startsWith("updated") ? "l.seq" : "l.note", number: "l.note", direction, filters };
  }
  const [few, ...values] = among ?? [];
  const from: Condition =
    few === undefined ? ["notes n"] : [`(${few}) few CROSS JOIN notes n USING (number)`, ...values];
  const place: Condition = [`n.deleted_at IS ${trashed ? "NOT NULL" : "NULL"}`];
  const key = sort === "title_asc" ? "n.title_key" : sort.startsWith("updated") ? "n.seq" : "n.number";
  return { from, place, key, number: "n.number", direction, filters };
}

/** Whether a listing may have to look at more notes than it shows. */
export const isFiltered = (query: ListQuery): boolean => wayOf(query).filters.length > 0;

/** The numbers of the notes for which one filter holds, found by its index; a statement for each filter of a listing. */
export function narrowings(query: ListQuery): Condition[] {
  const { trashed, updatedAfter: after, updatedBefore: before } = query;
  const found = listsAsked(query).map(
    (list): Condition => ["SELECT note AS number FROM listed WHERE list = ? AND trashed = ?", list, Number(trashed)],
  );
  if (!trashed && (after !== undefined || before !== undefined))
    found.push([
      "SELECT number FROM notes INDEXED BY notes_by_time WHERE deleted_at IS NULL AND updated_at >= ? AND updated_at < ?",
      after ?? "",
      before ?? "~",
    ]);
  return found;
}

interface ListOptions {
  /** Look at these notes only, which are few. */
  among?: Condition | undefined;
  /** Look no further than this. */
  until?: Position | undefined;
}

/** The statement and the values of a listing. */
export function listSql(query: ListQuery, { among, until }: ListOptions = {}) {
  const way = wayOf(query, among);
  const { key, number, direction } = way;
  const conditions = [...placeOf(way, query), ...way.filters];
  if (until !== undefined)
    conditions.push([`(${key}, ${number}) ${direction === "ASC" ? "<=" : ">="} (?, ?)`, ...until]);
  return select(headColumns, way, conditions, "LIMIT ?", query.limit);
}

/** The statement and the values that find where a slice of a listing ends. */
export function sliceSql(query: ListQuery, rows: number) {
  const way = wayOf(query);
  return select(`${way.key} AS key, ${way.number} AS number`, way, placeOf(way, query), "LIMIT 1 OFFSET ?", rows - 1);
}

function placeOf({ place, key, number, direction }: Way, { after }: ListQuery): Condition[] {
  if (after === undefined) return [place];
  return [place, [`(${key}, ${number}) ${direction === "ASC" ? ">" : "<"} (?, ?)`, ...after]];
}

function select(
  columns: string,
  { from, key, number, direction }: Way,
  where: Condition[],
  limit: string,
  rows: number,
) {
  const [source, ...values] = from;
  const conditions = where.map(([condition]) => condition).join(" AND ");
  return {
    sql: `SELECT ${columns} FROM ${source} WHERE ${conditions} ORDER BY ${key} ${direction}, ${number} ${direction} ${limit}`,
    values: [...values, ...where.flatMap(([, ...values]) => values), rows],
  };
}
