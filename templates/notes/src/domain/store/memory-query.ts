import { tagKey } from "../derive.ts";
import { type Named, pick, titleKey } from "../text/names.ts";
import type { Term, Terms, Words } from "../text/search.ts";
import type { Derived, ListQuery, NoteHead, NoteRow, Revision } from "./store.ts";

/** A note as the memory store holds it. */
export interface Kept {
  row: NoteRow;
  /** Only while the note is live. */
  derived?: Derived;
  /** All of them, also in the trash. */
  tags: string[];
  revisions: Revision[];
}

export const copy = (row: NoteRow): NoteRow => ({ ...row, tags: [...row.tags] });

export const headOf = ({ row: { front: _front, body: _body, ...head } }: Kept): NoteHead => ({
  ...head,
  tags: [...head.tags],
});

/** By code point, as databases compare UTF-8. */
export const compareText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export function listOf(all: Kept[], query: ListQuery): Kept[] {
  const { trashed, sort, tag, folder = "", updatedAfter, updatedBefore, after, limit } = query;
  const direction = sort.endsWith("_desc") ? -1 : 1;
  const keyOf = ({ row }: Kept) =>
    sort === "title_asc" ? titleKey(row.title) : sort.startsWith("updated") ? row.seq : row.number;
  const compareTo = (kept: Kept, [key, number]: readonly [number | string, number]) => {
    const own = keyOf(kept);
    const order =
      typeof own === "number" && typeof key === "number" ? own - key : compareText(String(own), String(key));
    return direction * (order || kept.row.number - number);
  };
  return all
    .filter(({ row }) => (row.deleted_at !== null) === trashed)
    .filter((kept) => tag === undefined || hasTag(kept, tag))
    .filter(({ row }) => folder === "" || row.folder === folder || row.folder.startsWith(`${folder}/`))
    .filter(({ row }) => updatedAfter === undefined || row.updated_at >= updatedAfter)
    .filter(({ row }) => updatedBefore === undefined || row.updated_at < updatedBefore)
    .filter((kept) => after === undefined || compareTo(kept, after) > 0)
    .sort((a, b) => compareTo(a, [keyOf(b), b.row.number]))
    .slice(0, limit);
}

/** The tag by its key, or one below it. */
export const hasTag = ({ tags }: Kept, key: string): boolean =>
  tags.some((tag) => tagKey(tag) === key || tagKey(tag).startsWith(`${key}/`));

/** How often the terms occur, title and tags weighing ten times the body; 0 where one is missing, or all with `any`. */
export function scoreOf(words: Words, { terms, any }: Terms): number {
  const scores = terms.map((term) => scoreOfTerm(words, term));
  return any || !scores.includes(0) ? scores.reduce((sum, score) => sum + score, 0) : 0;
}

function scoreOfTerm(words: Words, term: Term): number {
  const count = (text: string, tokens: string[], prefix: boolean) =>
    tokens.length === 0 ? 0 : ` ${text} `.split(` ${tokens.join(" ")}${prefix ? "" : " "}`).length - 1;
  const inTitle = count(words.title, term.words, term.prefix) + count(words.tags, term.words, term.prefix);
  const found = 10 * inTitle + count(words.body, term.words, term.prefix);
  const missing = term.signs.some((run) => count(words.signs, run, false) === 0);
  return missing || (term.words.length > 0 && found === 0) ? 0 : found || 1;
}

/** The names of the live notes, each note's id among them. */
export const namesIn = (live: Kept[]): Named[] =>
  live.flatMap(({ row: { number }, derived }) => {
    if (derived === undefined) return [];
    const id = `n${number}`;
    const own = derived.names.map((name) => ({ ...name, number, folder: derived.folderKey }));
    return [...own, { key: id, own: id, path: id, kind: 1 as const, number, folder: derived.folderKey }];
  });

/** The links of live notes, and the note that each leads to. */
export function linksOf(live: Kept[]): { key: string; path: string; from: number; to: number | undefined }[] {
  const names = Map.groupBy(namesIn(live), ({ key }) => key);
  return live.flatMap(({ row: { number: from }, derived }) =>
    (derived?.links ?? []).map((link) => {
      return {
        key: link.key,
        path: link.path,
        from,
        to: pick(names.get(link.key) ?? [], link, derived?.folderKey ?? ""),
      };
    }),
  );
}
