import type { Terms } from "../text/search.ts";
import type { ListQuery } from "./store.ts";

/** Without the body: a listing must not read megabytes. */
export const headColumns =
  "n.number, n.title, n.size, n.tags, n.folder, n.file, n.version, n.created_at, n.updated_at, n.deleted_at, n.seq";

/** The only texts that reach ORDER BY. */
const order = {
  updated_desc: { key: "n.seq", direction: "DESC", past: "<" },
  updated_asc: { key: "n.seq", direction: "ASC", past: ">" },
  created_desc: { key: "n.number", direction: "DESC", past: "<" },
  created_asc: { key: "n.number", direction: "ASC", past: ">" },
  title_asc: { key: "n.title_key", direction: "ASC", past: ">" },
} as const;

/** A tag or one below it, by two values; see tagRange. */
const tagged = "(t.key = ? OR t.key >= ? AND t.key < ?)";

/** "0" is the character after "/". */
export const tagRange = (key: string): [string, string, string] => [key, `${key}/`, `${key}0`];

export const hasTag = `EXISTS (SELECT 1 FROM note_tags t WHERE t.note = n.number AND ${tagged})`;

/** From the tag to its notes: shorter than from note to note where few have the tag. */
const amongTagged = `n.number IN (SELECT t.note FROM note_tags t WHERE ${tagged})`;

/** Counts the notes of a tag, a thousand at most. */
export const countTagged = `SELECT count(*) AS notes FROM (SELECT 1 FROM note_tags t WHERE ${tagged} LIMIT 1000)`;

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

/** The statement and the values of a listing. `rare` says that few notes have the tag. */
export function listSql(query: ListQuery, rare: boolean) {
  const { trashed, sort, tag, folder, updatedAfter, updatedBefore, after, limit } = query;
  const { key, direction, past } = order[sort];
  const conditions: [condition: string, ...values: (string | number)[]][] = [
    [`n.deleted_at IS ${trashed ? "NOT NULL" : "NULL"}`],
  ];
  if (tag !== undefined) conditions.push([rare ? amongTagged : hasTag, ...tagRange(tag)]);
  if (folder !== undefined && folder !== "") {
    conditions.push(["(n.folder = ? OR n.folder >= ? AND n.folder < ?)", ...tagRange(folder)]);
  }
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
