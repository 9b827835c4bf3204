import { listsAsked } from "../listed.ts";
import { headColumns } from "../sqlite-query.ts";
import type { ListQuery } from "../store.ts";

/** Collects the values of a statement behind the owner, which is $1 everywhere, and names each of them: `$2`, `$3`. */
export function createValues(owner: number, ...others: unknown[]) {
  const all: unknown[] = [owner, ...others];
  return {
    all,
    add: (value: unknown): string => `$${all.push(value)}`,
  };
}
type Values = ReturnType<typeof createValues>;

/** Of the rows `row` of lists: this list. What is indexed is the beginning of its name, so that is asked for as well. */
function ofList(row: string, list: string, trashed: boolean, values: Values): string {
  const name = values.add(list);
  return `${row}.owner = $1 AND left(${row}.list, 200) = left(${name}::text, 200) AND ${row}.list = ${name} AND ${row}.trashed = ${trashed}`;
}

/** A condition on a note: it stands in a list, of live notes or of the trash. `note` is the column that names it. */
export const standsIn = (list: string, trashed: boolean, note: string, values: Values): string =>
  `EXISTS (SELECT 1 FROM listed s WHERE ${ofList("s", list, trashed, values)} AND s.note = ${note})`;

/**
 * Goes along the list of a tag or a folder where one is asked for, which has no order by title, or along all notes. What is
 * found is read at the end: between two times an index alone says which notes those are.
 */
export function listSql(owner: number, query: ListQuery): { text: string; values: unknown[] } {
  const { trashed, sort, updatedAfter, updatedBefore, after, limit } = query;
  const values = createValues(owner);
  const [direction, past] = sort.endsWith("_desc") ? ["DESC", "<"] : ["ASC", ">"];
  const lists = listsAsked(query);
  const list = sort === "title_asc" ? undefined : lists.shift();
  const byChange = sort.startsWith("updated");
  // The only texts that reach ORDER BY.
  const ofNotes = { from: "notes n", key: sort === "title_asc" ? "n.title_key" : byChange ? "n.seq" : "n.number" };
  const ofListed = {
    from: "listed l JOIN notes n ON n.owner = l.owner AND n.number = l.note",
    key: byChange ? "l.seq" : "l.note",
  };
  const { from, key, number } =
    list === undefined ? { ...ofNotes, number: "n.number" } : { ...ofListed, number: "l.note" };
  const conditions =
    list === undefined
      ? ["n.owner = $1", `n.deleted_at IS ${trashed ? "NOT NULL" : "NULL"}`]
      : [ofList("l", list, trashed, values)];
  for (const other of lists) conditions.push(standsIn(other, trashed, "n.number", values));
  if (updatedAfter !== undefined) conditions.push(`n.updated_at >= ${values.add(updatedAfter)}`);
  if (updatedBefore !== undefined) conditions.push(`n.updated_at < ${values.add(updatedBefore)}`);
  if (after !== undefined) conditions.push(`(${key}, ${number}) ${past} (${after.map(values.add).join(", ")})`);
  return {
    text: `SELECT ${headColumns} FROM (
        SELECT ${key} AS key, ${number} AS number FROM ${from} WHERE ${conditions.join(" AND ")}
        ORDER BY ${key} ${direction}, ${number} ${direction} LIMIT ${values.add(limit)}
      ) found JOIN notes n ON n.owner = $1 AND n.number = found.number
      ORDER BY found.key ${direction}, found.number ${direction}`,
    values: values.all,
  };
}

/** The links `l` that have the key of a name `own`. */
export const linked = "l.owner = $1 AND left(l.key, 200) = left(own.key, 200) AND l.key = own.key";

/** The note that a link `l` leads to, or NULL: `pick` in SQL, as in SQLite's `destination`. */
export const destination = `(
  SELECT c.note FROM names c
  WHERE c.owner = $1 AND left(c.key, 200) = left(l.key, 200) AND c.key = l.key AND CASE
    WHEN left(l.path, 1) = '/' THEN c.path = substr(l.path, 2) AND c.kind % 2 = 0
    ELSE c.path = l.path OR length(l.path) >= length(c.own) AND right(c.path, length(l.path) + 1) = '/' || l.path
  END
  ORDER BY c.kind, c.path <> l.path, c.folder <> l.folder, length(c.path), c.note LIMIT 1
)`;

/** Rows of an owner in a table, from one array a column: one statement, however many rows. */
export function insertSql(
  owner: number,
  table: string,
  columns: Record<string, string>,
  rows: Record<string, unknown>[],
  then = "",
) {
  const names = Object.keys(columns);
  const arrays = Object.values(columns).map((type, at) => `$${at + 2}::${type}[]`);
  return {
    text: `INSERT INTO ${table} (owner, ${names.join(", ")}) SELECT $1::bigint, * FROM unnest(${arrays.join(", ")}) ${then}`,
    values: [owner, ...names.map((name) => rows.map((row) => row[name]))],
  };
}
