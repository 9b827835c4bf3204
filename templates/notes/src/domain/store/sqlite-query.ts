import type { Position } from "../cursor.ts";
import type { Terms } from "../text/search.ts";
import type { ListQuery } from "./store.ts";

/** Without the body: a listing must not read megabytes. */
export const headColumns =
  "n.number, n.title, n.size, n.tags, n.folder, n.file, n.version, n.created_at, n.updated_at, n.deleted_at, n.seq";

/** The only texts that reach ORDER BY. */
const order = {
  updated_desc: { key: "n.seq", direction: "DESC", up: false },
  updated_asc: { key: "n.seq", direction: "ASC", up: true },
  created_desc: { key: "n.number", direction: "DESC", up: false },
  created_asc: { key: "n.number", direction: "ASC", up: true },
  title_asc: { key: "n.title_key", direction: "ASC", up: true },
} as const;

/** A tag or one below it, by two values; see tagRange. */
const tagged = "(t.key = ? OR t.key >= ? AND t.key < ?)";

/** "0" is the character after "/". */
export const tagRange = (key: string): [string, string, string] => [key, `${key}/`, `${key}0`];

export const hasTag = `EXISTS (SELECT 1 FROM note_tags t WHERE t.note = n.number AND ${tagged})`;

/**
 * The note that a link `l` leads to, or NULL. What decides between several names is written a second time as `pick`, for
 * the memory store and for changes that are not made yet; the store suite runs on both.
 */
export const destination = `(
  SELECT c.note FROM names c
  WHERE c.key = l.key AND CASE
    WHEN substr(l.path, 1, 1) = '/' THEN c.path = substr(l.path, 2) AND c.kind % 2 = 0
    ELSE c.path = l.path OR length(l.path) >= length(c.own) AND substr(c.path, -length(l.path) - 1) = '/' || l.path
  END
  ORDER BY c.kind, c.path <> l.path, c.folder <> l.folder, length(c.path), c.note LIMIT 1
)`;

type Condition = [condition: string, ...values: (string | number)[]];

/** What a listing asks of a note. The plus keeps SQLite to the order of the list, where it would sort all that fit. */
const filters: ((query: ListQuery) => Condition | undefined)[] = [
  ({ tag }) => (tag === undefined ? undefined : [hasTag, ...tagRange(tag)]),
  ({ folder }) =>
    folder === undefined || folder === ""
      ? undefined
      : ["(+n.folder = ? OR +n.folder >= ? AND +n.folder < ?)", ...tagRange(folder)],
  ({ updatedAfter: after, updatedBefore: before }) =>
    after === undefined && before === undefined
      ? undefined
      : ["+n.updated_at >= ? AND +n.updated_at < ?", after ?? "", before ?? "~"],
];

const filtersOf = (query: ListQuery): Condition[] =>
  filters.map((filter) => filter(query)).filter((condition) => condition !== undefined);

export const isFiltered = (query: ListQuery): boolean => filtersOf(query).length > 0;

const inFolder = "SELECT number FROM notes INDEXED BY notes_by_folder WHERE deleted_at IS NULL AND";

/** The numbers of the notes for which one filter holds, found by its index; a statement for each filter of a live listing. */
export function narrowings({ tag, folder, updatedAfter: after, updatedBefore: before }: ListQuery): Condition[] {
  const found: Condition[] = [];
  if (tag !== undefined)
    found.push([`SELECT DISTINCT t.note AS number FROM note_tags t WHERE ${tagged}`, ...tagRange(tag)]);
  if (folder !== undefined && folder !== "")
    found.push([`${inFolder} folder = ? UNION ALL ${inFolder} folder >= ? AND folder < ?`, ...tagRange(folder)]);
  if (after !== undefined || before !== undefined)
    found.push([
      "SELECT number FROM notes INDEXED BY notes_by_time WHERE deleted_at IS NULL AND updated_at >= ? AND updated_at < ?",
      after ?? "",
      before ?? "~",
    ]);
  return found;
}

export interface ListOptions {
  /** Look at these notes only, which are few. */
  among?: Condition | undefined;
  /** Look no further than this. */
  until?: Position | undefined;
}

/** The statement and the values of a listing. */
export function listSql(query: ListQuery, { among, until }: ListOptions = {}) {
  const { limit } = query;
  const { key, direction, up } = order[query.sort];
  const conditions = [...placeOf(query), ...filtersOf(query)];
  if (until !== undefined) conditions.push([`(${key}, n.number) ${up ? "<=" : ">="} (?, ?)`, ...until]);
  const where = conditions.map(([condition]) => condition).join(" AND ");
  const [narrow, ...values] = among ?? [];
  // CROSS: from the few to the notes, never the other way round.
  const from = narrow === undefined ? "notes n" : `(${narrow}) few CROSS JOIN notes n ON n.number = few.number`;
  return {
    sql: `SELECT ${headColumns} FROM ${from} WHERE ${where} ORDER BY ${key} ${direction}, n.number ${direction} LIMIT ?`,
    values: [...values, ...conditions.flatMap(([, ...values]) => values), limit],
  };
}

/** The statement and the values that find where a slice of a listing ends. */
export function sliceSql(query: ListQuery, rows: number) {
  const { key, direction } = order[query.sort];
  const conditions = placeOf(query);
  const where = conditions.map(([condition]) => condition).join(" AND ");
  return {
    sql: `SELECT ${key} AS key, n.number FROM notes n WHERE ${where} ORDER BY ${key} ${direction}, n.number ${direction} LIMIT 1 OFFSET ?`,
    values: [...conditions.flatMap(([, ...values]) => values), rows - 1],
  };
}

function placeOf({ trashed, sort, after }: ListQuery): Condition[] {
  const { key, up } = order[sort];
  const place: Condition[] = [[`n.deleted_at IS ${trashed ? "NOT NULL" : "NULL"}`]];
  if (after !== undefined) place.push([`(${key}, n.number) ${up ? ">" : "<"} (?, ?)`, ...after]);
  return place;
}

/** Every word in quotes: nothing a user types is an operator. */
export function matchOf({ terms, any }: Terms): string {
  const quote = (tokens: string[]) => `"${tokens.join(" ").replaceAll('"', '""')}"`;
  return terms
    .map(({ words, prefix, signs }) =>
      [
        ...(words.length > 0 ? [`{title body tags} : ${quote(words)}${prefix ? " *" : ""}`] : []),
        ...signs.map((run) => `{signs} : ${quote(run)}`),
      ].join(" AND "),
    )
    .map((term) => `(${term})`)
    .join(any ? " OR " : " AND ");
}
