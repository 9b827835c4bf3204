import { z } from "zod";
import { cutPage, decodeCursor } from "./cursor.ts";
import { derive, tagKey } from "./derive.ts";
import { commit, type Desk } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { inFile } from "./in-file.ts";
import { Cursor, pageOf } from "./list.ts";
import { Body, limits, parse, Tag } from "./note.ts";
import type { ListQuery, Waiting, Write } from "./store/store.ts";

export const TagCount = z.object({
  tag: z.string().describe("The tag"),
  notes: z.int().min(1).describe("How many notes have it, the trash not counted"),
});
export type TagCount = z.infer<typeof TagCount>;

export const ListTags = z.object({ limit: pageOf(limits.page, limits.page), cursor: Cursor });

export async function listTags(desk: Desk, input: z.input<typeof ListTags> = {}) {
  const { limit, cursor } = parse(ListTags, input);
  const [after] = decodeCursor(desk, "tags", cursor) ?? [];
  const rows = await desk.store.tags({ ...(after !== undefined && { after: String(after) }), limit: limit + 1 });
  const { page, ...next } = cutPage(desk, rows, limit, "tags", ({ tag }) => [tag, 0]);
  return { tags: page, ...next };
}

/**
 * Exchanges a tag and those below it on every live note in one change, in its tags and in its text, and answers with how
 * many notes there were.
 */
export async function renameTag(desk: Desk, from: string, to: string, waiting?: Waiting): Promise<number> {
  const [oldTag, newTag] = [parse(Tag, from), parse(Tag, to)];
  if (oldTag === newTag) throw new NotesError("invalid", "to: is the same tag. Give another one.");
  const { store } = desk;
  const { retag } = await import("./text/links.ts");
  const key = tagKey(oldTag);
  const renamed = (tag: string): string | undefined => {
    if (tagKey(tag) === key) return newTag;
    return tagKey(tag).startsWith(`${key}/`) ? `${newTag}${tag.slice(oldTag.length)}` : undefined;
  };
  const plan = async () => {
    const { seq: latest } = await store.head();
    const writes: Write[] = [];
    const query: ListQuery = { trashed: false, sort: "created_asc", tag: tagKey(oldTag), limit: 100 };
    for (;;) {
      const heads = await store.list(query);
      for (const row of await store.find(heads.map(({ number }) => number))) {
        const { number, seq } = row;
        const tags = [...new Set(row.tags.map((tag) => renamed(tag) ?? tag))];
        const body = row.body.includes("#") ? retag(row.body, renamed) : row.body;
        const { title, front, folder, file } = await inFile(row, { tags });
        const content = { title, body: parse(Body, body), tags, front, folder, file };
        writes.push({ type: "updated", number, seq, ...content, derived: await derive(content) });
      }
      const last = heads.at(-1);
      if (last === undefined) break;
      query.after = [last.number, last.number];
    }
    if (writes.length > 0) return { action: "rename_tag", at: desk.now(), writes, latest };
    throw new NotesError("not_found", "No note has this tag. Call list_tags to see the tags there are.");
  };
  return (await commit(desk, plan, waiting)).length;
}
