import { idOf } from "../note.ts";
import { titleKey } from "../text/links.ts";
import type { Term, Words } from "../text/search.ts";
import type { Derived, ListQuery, NoteHead, NoteRow, Revision } from "./store.ts";

/** A note as the memory store holds it. */
export interface Kept {
  row: NoteRow;
  /** Only while the note is live. */
  derived?: Derived;
  revisions: Revision[];
}

export const copy = (row: NoteRow): NoteRow => ({ ...row, tags: [...row.tags] });

export const headOf = ({ row: { body: _, ...head } }: Kept): NoteHead => ({ ...head, tags: [...head.tags] });

/** By code point, as databases compare UTF-8. */
export const compareText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export function listOf(all: Kept[], query: ListQuery): Kept[] {
  const { trashed, sort, tag, updatedAfter, updatedBefore, after, limit } = query;
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
    .filter(({ row }) => tag === undefined || row.tags.includes(tag))
    .filter(({ row }) => updatedAfter === undefined || row.updated_at >= updatedAfter)
    .filter(({ row }) => updatedBefore === undefined || row.updated_at < updatedBefore)
    .filter((kept) => after === undefined || compareTo(kept, after) > 0)
    .sort((a, b) => compareTo(a, [keyOf(b), b.row.number]))
    .slice(0, limit);
}

/** How often the terms occur, the title weighing ten times the body; 0 where one is missing. */
export function scoreOf(words: Words, terms: Term[]): number {
  const count = (text: string, tokens: string[], prefix: boolean) =>
    tokens.length === 0 ? 0 : ` ${text} `.split(` ${tokens.join(" ")}${prefix ? "" : " "}`).length - 1;
  let total = 0;
  for (const term of terms) {
    const found = 10 * count(words.title, term.words, term.prefix) + count(words.body, term.words, term.prefix);
    const missing = term.signs.some((run) => count(words.signs, run, false) === 0);
    if (missing || (term.words.length > 0 && found === 0)) return 0;
    total += found || 1;
  }
  return total;
}

/** Those of the live notes that no other one links to. A link by title goes to the oldest note of that title. */
export function orphansOf(live: Kept[]): Kept[] {
  const linkers = new Map<string, Set<number>>();
  const owners = new Map<string, number>();
  for (const { row, derived } of live) {
    if (derived === undefined) continue;
    if (!owners.has(derived.titleKey)) owners.set(derived.titleKey, row.number);
    for (const key of derived.links) linkers.set(key, (linkers.get(key) ?? new Set()).add(row.number));
  }
  return live.filter(({ row: { number }, derived }) => {
    const keys = [idOf(number)];
    if (derived && owners.get(derived.titleKey) === number) keys.push(derived.titleKey);
    return keys.every((key) => [...(linkers.get(key) ?? [])].every((linker) => linker === number));
  });
}
