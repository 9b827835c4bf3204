import { headColumns, tagRange } from "../sqlite-query.ts";
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

/** The only texts that reach ORDER BY. */
const order = {
  updated_desc: { key: "n.seq", direction: "DESC", past: "<" },
  updated_asc: { key: "n.seq", direction: "ASC", past: ">" },
  created_desc: { key: "n.number", direction: "DESC", past: "<" },
  created_asc: { key: "n.number", direction: "ASC", past: ">" },
  title_asc: { key: "n.title_key", direction: "ASC", past: ">" },
} as const;

/** Notes with a tag or one below it; `note` is the column that names the note. */
export function tagged(key: string, note: string, values: Values): string {
  const [own, from, to] = tagRange(key).map(values.add);
  return `EXISTS (SELECT 1 FROM note_tags t WHERE t.owner = $1 AND t.note = ${note} AND (t.key = ${own} OR t.key >= ${from} AND t.key < ${to}))`;
}

/** The folder and those below it. What is indexed is the beginning of a path, so that is asked for as well. */
function inFolder(folder: string, values: Values): string {
  const [own, from, to] = tagRange(folder).map(values.add);
  const start = (value = "") => `left(${value}::text, 200) COLLATE "C"`;
  return `(left(n.folder, 200) = ${start(own)} AND n.folder = ${own}
    OR left(n.folder, 200) >= ${start(from)} AND left(n.folder, 200) <= ${start(to)} AND n.folder >= ${from} AND n.folder < ${to})`;
}

export function listSql(owner: number, query: ListQuery): { text: string; values: unknown[] } {
  const { trashed, sort, tag, folder, updatedAfter, updatedBefore, after, limit } = query;
  const { key, direction, past } = order[sort];
  const values = createValues(owner);
  const conditions = ["n.owner = $1", `n.deleted_at IS ${trashed ? "NOT NULL" : "NULL"}`];
  if (tag !== undefined) conditions.push(tagged(tag, "n.number", values));
  if (folder !== undefined && folder !== "") conditions.push(inFolder(folder, values));
  if (updatedAfter !== undefined) conditions.push(`n.updated_at >= ${values.add(updatedAfter)}`);
  if (updatedBefore !== undefined) conditions.push(`n.updated_at < ${values.add(updatedBefore)}`);
  if (after !== undefined) {
    const [at, number] = after.map(values.add);
    conditions.push(`(${key}, n.number) ${past} (${at}, ${number})`);
  }
  return {
    text: `SELECT ${headColumns} FROM notes n WHERE ${conditions.join(" AND ")}
      ORDER BY ${key} ${direction}, n.number ${direction} LIMIT ${values.add(limit)}`,
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
