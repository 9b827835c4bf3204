import { z } from "zod";
import { cutPage, decodeCursor } from "./cursor.ts";
import { type Desk, findLive } from "./desk.ts";
import { Cursor, pageOf } from "./list.ts";
import { idOf, limits, NoteId, numberOf, parse } from "./note.ts";
import type { NoteHead } from "./store/store.ts";
import { linksIn, titleKey } from "./text/links.ts";

export const Paging = z.object({ limit: pageOf(limits.page, 50), cursor: Cursor });
type Paging = z.input<typeof Paging>;

interface OutgoingLink {
  /** The target as it is written in the note. */
  target: string;
  /** The note it leads to, or null where there is none. */
  id: string | null;
}

interface LinkedNote {
  id: string;
  title: string;
}

const toLinked = ({ number, title }: NoteHead): LinkedNote => ({ id: idOf(number), title });

/** Where the wiki links of a note lead, each target once, in the order of the text. */
export async function outgoingLinks(desk: Desk, id: string, paging: Paging = {}) {
  const { limit, cursor } = parse(Paging, paging);
  const listing = ["outgoing", id];
  const [from = 0] = decodeCursor(listing, cursor) ?? [];
  const row = await findLive(desk, id);
  const targets = [...new Map(linksIn(row.body).map(({ key, target }) => [key, target]))].slice(Number(from));
  const { page, ...next } = cutPage(targets, limit, listing, () => [Number(from) + limit, 0]);
  const links: OutgoingLink[] = [];
  for (const [key, target] of page) links.push({ target, id: await resolve(desk, key) });
  return { links, ...next };
}

/** A live note by id, or the oldest one of the title. */
async function resolve({ store }: Desk, key: string): Promise<string | null> {
  if (NoteId.safeParse(key).success) {
    const [row] = await store.find([numberOf(key)]);
    if (row?.deleted_at === null) return key;
  }
  const [oldest] = await store.titled(key);
  return oldest === undefined ? null : idOf(oldest);
}

/** The other notes that link to this one, by age. */
export async function backlinks(desk: Desk, id: string, paging: Paging = {}) {
  const { limit, cursor } = parse(Paging, paging);
  const listing = ["backlinks", id];
  const [after] = decodeCursor(listing, cursor) ?? [0];
  const row = await findLive(desk, id);
  const key = titleKey(row.title);
  const [owner] = await desk.store.titled(key);
  const keys = owner === row.number ? [id, key] : [id];
  // Two more than a page: one to see whether there is a next, one because the note may link to itself.
  const numbers = await desk.store.linking(keys, { after: Number(after), limit: limit + 2 });
  const rows = await desk.store.find(numbers.filter((number) => number !== row.number));
  const { page, ...next } = cutPage(rows, limit, listing, ({ number }) => [number, 0]);
  return { notes: page.map(toLinked), ...next };
}

/** Notes that no other note links to, by age. */
export async function orphans({ store }: Desk, paging: Paging = {}) {
  const { limit, cursor } = parse(Paging, paging);
  const [after] = decodeCursor("orphans", cursor) ?? [0];
  const rows = await store.orphans({ after: Number(after), limit: limit + 1 });
  const { page, ...next } = cutPage(rows, limit, "orphans", ({ number }) => [number, 0]);
  return { notes: page.map(toLinked), ...next };
}

/** Links that lead to no note: their target in small letters, and the note they stand in. */
export async function brokenLinks({ store }: Desk, paging: Paging = {}) {
  const { limit, cursor } = parse(Paging, paging);
  const after = decodeCursor("broken", cursor);
  const rows = await store.broken({ ...(after && { after }), limit: limit + 1 });
  const { page, ...next } = cutPage(rows, limit, "broken", ({ key, number }) => [key, number]);
  return { links: page.map(({ key, number }) => ({ target: key, in: idOf(number) })), ...next };
}
