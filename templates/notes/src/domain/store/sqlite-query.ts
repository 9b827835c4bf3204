import type { Terms } from "../text/search.ts";

/** Without the body: a listing must not read megabytes. */
export const headColumns =
  "n.number, n.title, n.size, n.tags, n.folder, n.file, n.version, n.created_at, n.updated_at, n.deleted_at, n.seq";

/** In the list `?`, of live notes or of the trash; `note` is the column that names the note. */
export const standsIn = (note: string) =>
  `EXISTS (SELECT 1 FROM listed s WHERE s.list = ? AND s.trashed = ? AND s.note = ${note})`;

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
