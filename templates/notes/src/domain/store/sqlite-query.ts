import { parting, type Terms } from "../text/search.ts";
import { listsAsked } from "./listed.ts";

/** Without the body: a listing must not read megabytes. */
export const headColumns =
  "n.number, n.title, n.size, n.tags, n.folder, n.file, n.version, n.created_at, n.updated_at, n.deleted_at, n.seq";

/** How well a note fits what is looked for. It is less for those that fit better. */
export const rankSql = "bm25(words, 10, 1, 1, 10)";

/** In the list `?`, of live notes or of the trash; `note` is the column that names the note. */
export const standsIn = (note: string) =>
  `EXISTS (SELECT 1 FROM listed s WHERE s.list = ? AND s.trashed = ? AND s.note = ${note})`;

/** Whether a live note has a tag, where one is given. */
export function inTag(tag: string | undefined): { condition: (note: string) => string; values: (string | number)[] } {
  const [list] = listsAsked({ ...(tag !== undefined && { tag }) });
  return list === undefined
    ? { condition: () => "true", values: [] }
    : { condition: (note) => standsIn(note), values: [list, 0] };
}

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

/**
 * Every word in quotes: nothing a user types is an operator. No sign is a word, so no term needs to name its columns, which
 * would be looked at for each place where it stands; but for the token that parts signs.
 */
export function matchOf({ terms, any }: Terms): string {
  const quote = (tokens: string[]) => `"${tokens.join(" ").replaceAll('"', '""')}"`;
  const columns = (words: string[]) => (words.every((word) => word === parting) ? "{title body tags} : " : "");
  return terms
    .map(({ words, prefix, signs }) =>
      [
        ...(words.length > 0 ? [`${columns(words)}${quote(words)}${prefix ? " *" : ""}`] : []),
        ...signs.map(quote),
      ].join(" AND "),
    )
    .map((term) => `(${term})`)
    .join(any ? " OR " : " AND ");
}
