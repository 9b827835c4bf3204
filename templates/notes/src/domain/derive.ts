import { basenameOf } from "./file-name.ts";
import { NoteId } from "./note.ts";
import type { Content, Derived } from "./store/store.ts";
import { splitFrontMatter } from "./text/front-matter.ts";
import { joinPath, lastPart, type Name, titleKey, withoutExtension } from "./text/names.ts";
import { wordsIn } from "./text/search.ts";

/** What is looked for in a text only where it may hold some. Parsers are loaded when a text needs one. */
const mayHoldLinks = (body: string) => body.includes("[[") || body.includes("](");
const mayHoldTags = (body: string) => /(?:^|\s)#[^\s#]/.test(body);

/** What a store keeps beside a note, so that it can be found. */
export async function derive(content: Content): Promise<Derived> {
  const { title, body, tags, folder } = content;
  const { readBody } = mayHoldLinks(body) || mayHoldTags(body) ? await import("./text/links.ts") : nothing;
  const read = readBody(body, folder);
  const links = new Map(read.links.map(({ key, path }) => [`${key}\n${path}`, { key, path }]));
  const allTags = new Map([...tags, ...read.tags].map((tag) => [tagKey(tag), tag]));
  return {
    titleKey: titleKey(title),
    folderKey: titleKey(folder),
    names: await namesOf(content),
    links: [...links.values()],
    tags: [...allTags].map(([key, tag]) => ({ key, tag })),
    words: wordsIn(title, body, [...allTags.values()]),
  };
}

const nothing = { readBody: () => ({ links: [], tags: [] }) };

/** Tags that differ only in capitals are one. */
export const tagKey = (tag: string): string => tag.normalize("NFC").toLowerCase();

/** The names by which a link may lead to a note, its id left out. */
export async function namesOf({ title, body, folder, file, front }: Content): Promise<Name[]> {
  const name = (own: string, kind: Name["kind"]): Name => {
    return { key: lastPart(own), own, path: kind === 3 ? own : joinPath(titleKey(folder), own), kind };
  };
  const own = withoutExtension(titleKey(title));
  // What its file is called, or would be in an export; the title leads to it too.
  const called = titleKey(file === null ? basenameOf(title) : withoutExtension(file));
  const names = [name(called, file === null && NoteId.safeParse(called).success ? 2 : 0)];
  if (called !== own) names.push(name(own, 2));
  const matter = front === "" ? splitFrontMatter(body).front : front;
  if (/alias/i.test(matter)) {
    const { readFront } = await import("./text/front-fields.ts");
    for (const alias of readFront(matter).aliases) names.push(name(withoutExtension(titleKey(alias)), 3));
  }
  return [...new Map(names.reverse().map((one) => [`${one.key}\n${one.path}`, one])).values()].filter(
    ({ key }) => key !== "",
  );
}
