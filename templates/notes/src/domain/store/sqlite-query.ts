import type { Term } from "../text/search.ts";
import type { ListQuery } from "./store.ts";

/** Without the body: a listing must not read megabytes. */
export const headColumns =
  "n.number, n.title, n.size, n.tags, n.version, n.created_at, n.updated_at, n.deleted_at, n.seq";

/** The only texts that reach ORDER BY. */
const order = {
  updated_desc: { key: "n.seq", direction: "DESC", past: "<" },
  updated_asc: { key: "n.seq", direction: "ASC", past: ">" },
  created_desc: { key: "n.number", direction: "DESC", past: "<" },
  created_asc: { key: "n.number", direction: "ASC", past: ">" },
  title_asc: { key: "n.title_key", direction: "ASC", past: ">" },
} as const;

export const hasTag = "EXISTS (SELECT 1 FROM json_each(n.tags) WHERE value = ?)";

/** Whether some live note is what a link `l` names: by id, or by title. */
export const leadsSomewhere = `(
  EXISTS (SELECT 1 FROM notes n WHERE n.deleted_at IS NULL AND n.title_key = l.target)
  OR EXISTS (
    SELECT 1 FROM notes n
    WHERE n.deleted_at IS NULL AND n.number = CAST(substr(l.target, 2) AS INTEGER) AND 'n' || n.number = l.target
  )
)`;

/** A link by title goes to the oldest note of that title. */
export const linkedFromElsewhere = `EXISTS (
  SELECT 1 FROM links l WHERE l.note <> n.number AND (
    l.target = 'n' || n.number
    OR l.target = n.title_key AND NOT EXISTS (
      SELECT 1 FROM notes o WHERE o.deleted_at IS NULL AND o.title_key = n.title_key AND o.number < n.number
    )
  )
)`;

/** The statement and the values of a listing. */
export function listSql({ trashed, sort, tag, updatedAfter, updatedBefore, after, limit }: ListQuery) {
  const { key, direction, past } = order[sort];
  const conditions: [condition: string, ...values: (string | number)[]][] = [
    [`n.deleted_at IS ${trashed ? "NOT NULL" : "NULL"}`],
  ];
  if (tag !== undefined) conditions.push([hasTag, tag]);
  if (updatedAfter !== undefined) conditions.push(["n.updated_at >= ?", updatedAfter]);
  if (updatedBefore !== undefined) conditions.push(["n.updated_at < ?", updatedBefore]);
  if (after !== undefined) conditions.push([`(${key}, n.number) ${past} (?, ?)`, ...after]);
  const where = conditions.map(([condition]) => condition).join(" AND ");
  return {
    sql: `SELECT ${headColumns} FROM notes n WHERE ${where} ORDER BY ${key} ${direction}, n.number ${direction} LIMIT ?`,
    values: [...conditions.flatMap(([, ...values]) => values), limit],
  };
}

/** Every word in quotes: nothing a user types is an operator. */
export function matchOf(terms: Term[]): string {
  const quote = (tokens: string[]) => `"${tokens.join(" ").replaceAll('"', '""')}"`;
  return terms
    .flatMap(({ words, prefix, signs }) => [
      ...(words.length > 0 ? [`{title body} : ${quote(words)}${prefix ? " *" : ""}`] : []),
      ...signs.map((run) => `{signs} : ${quote(run)}`),
    ])
    .join(" AND ");
}
