import { z } from "zod";
import { cutPage, decodeCursor } from "./cursor.ts";
import { type Desk, findLive } from "./desk.ts";
import { Cursor, pageOf } from "./list.ts";
import { idOf, limits, parse } from "./note.ts";
import type { NoteHead, Waiting } from "./store/store.ts";
import { pick, titleKey } from "./text/names.ts";

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
  const [from = 0] = decodeCursor(desk, listing, cursor) ?? [];
  const row = await findLive(desk, id);
  const { linksIn } = await import("./text/links.ts");
  const targets = [...new Map(linksIn(row.body, row.folder).map((link) => [link.path, link])).values()];
  const { page, ...next } = cutPage(desk, targets.slice(Number(from)), limit, listing, () => [Number(from) + limit, 0]);
  const names = Map.groupBy(await desk.store.named(page.map(({ key }) => key)), ({ key }) => key);
  const links = page.map((link): OutgoingLink => {
    const found = pick(names.get(link.key) ?? [], link, titleKey(row.folder));
    return { target: link.target, id: found === undefined ? null : idOf(found) };
  });
  return { links, ...next };
}

/** The other notes that link to this one, by age. */
export async function backlinks(desk: Desk, id: string, paging: Paging = {}) {
  const { limit, cursor } = parse(Paging, paging);
  const listing = ["backlinks", id];
  const [after] = decodeCursor(desk, listing, cursor) ?? [0];
  const row = await findLive(desk, id);
  const rows = await desk.store.find(await desk.store.linking(row.number, { after: Number(after), limit: limit + 1 }));
  const { page, ...next } = cutPage(desk, rows, limit, listing, ({ number }) => [number, 0]);
  return { notes: page.map(toLinked), ...next };
}

/** Notes that no other note links to, by age. */
export async function orphans(desk: Desk, paging: Paging = {}, waiting?: Waiting) {
  const { limit, cursor } = parse(Paging, paging);
  const [after] = decodeCursor(desk, "orphans", cursor) ?? [0];
  const { rows, until } = await desk.store.orphans({ after: Number(after), limit: limit + 1 }, waiting);
  const { page, ...next } = cutPage(desk, rows, limit, "orphans", ({ number }) => [number, 0], until);
  return { notes: page.map(toLinked), ...next };
}

/** Links that lead to no note: their target in small letters, and the note they stand in. */
export async function brokenLinks(desk: Desk, paging: Paging = {}, waiting?: Waiting) {
  const { limit, cursor } = parse(Paging, paging);
  const after = decodeCursor(desk, "broken", cursor);
  const { rows, until } = await desk.store.broken({ ...(after && { after }), limit: limit + 1 }, waiting);
  const { page, ...next } = cutPage(desk, rows, limit, "broken", ({ path, number }) => [path, number], until);
  return { links: page.map(({ path, number }) => ({ target: path, in: idOf(number) })), ...next };
}
