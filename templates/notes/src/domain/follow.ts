import type { Desk } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { basenameOf } from "./file-name.ts";
import { Body, idOf } from "./note.ts";
import type { Content, Derived, NoteRow } from "./store/store.ts";
import type { Link, LinkTarget } from "./text/links.ts";
import { type LinkKey, linkKeyOf, type Named, pick, titleKey, withoutExtension } from "./text/names.ts";

type Renamed = Content & { number: number; derived: Derived };

/**
 * The notes that a new name or folder changes, the note itself first: links that led to it lead to it again, by the
 * shortest way that does. Links that still lead there stay as they are written.
 */
export async function followLinks(
  { store }: Desk,
  before: NoteRow,
  after: Renamed,
): Promise<{ row: NoteRow; content: Content }[]> {
  const { linksIn, linkTargets, retarget } = await import("./text/links.ts");
  const { number } = before;
  const name = after.file === null ? basenameOf(after.title) : withoutExtension(after.file);
  const targets = linkTargets(number, after.folder, name);
  const named = new Map<string, Named[]>();

  const namesOf = async (keys: string[]) => {
    const missing = keys.filter((key) => !named.has(key));
    if (missing.length === 0) return;
    const found = Map.groupBy(await store.named(missing), ({ key }) => key);
    for (const key of missing) named.set(key, found.get(key) ?? []);
  };
  const now: Named[] = after.derived.names.map((one) => ({ ...one, number, folder: after.derived.folderKey }));
  const leadTo = (link: LinkKey, folder: string, renamed: boolean) => {
    const names = named.get(link.key) ?? [];
    const others = names.filter((one) => one.number !== number || one.kind === 1);
    return pick(renamed ? [...others, ...now] : names, link, titleKey(folder)) === number;
  };

  const follow = async (row: NoteRow, content: Content): Promise<Content> => {
    const links = linksIn(content.body, row.folder);
    await namesOf([...links, ...targets.map(({ text }) => linkKeyOf(text, ""))].map(({ key }) => key));
    const targetOf = (link: Link): LinkTarget | undefined => {
      if (!leadTo(link, row.folder, false)) return undefined;
      const moved = row.number === number ? linkKeyOf(link.target, content.folder) : link;
      if (leadTo(moved, content.folder, true)) return undefined;
      return targets.find(({ text }) => leadTo(linkKeyOf(text, ""), content.folder, true)) ?? targets.at(-1);
    };
    return { ...content, body: checkedBody(number, row, retarget(content.body, row.folder, targetOf)) };
  };

  const changed = [{ row: before, content: await follow(before, after) }];
  for (let last = 0; ; ) {
    const numbers = await store.linking(number, { after: last, limit: 100 });
    for (const row of await store.find(numbers)) {
      const content = await follow(row, row);
      if (content.body !== row.body) changed.push({ row, content });
    }
    if (numbers.length < 100) return changed;
    last = numbers.at(-1) ?? last;
  }
}

function checkedBody(renamed: number, { number }: NoteRow, body: string): string {
  const checked = Body.safeParse(body);
  if (checked.success) return checked.data;
  throw new NotesError(
    "quota",
    `The longer name of ${idOf(renamed)} would make the links in note ${idOf(number)} pass its limit. Choose a shorter one.`,
  );
}
