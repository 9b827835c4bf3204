import { NotesError } from "./errors.ts";
import { basenameOf } from "./file-name.ts";
import type { Content, NoteRow } from "./store/store.ts";
import { splitFrontMatter } from "./text/front-matter.ts";

/**
 * A changed note as it is kept. One that came from a file says its title and tags in its file, so they are changed there
 * too: the name of the file, or a field of its front matter.
 */
export async function inFile(row: NoteRow, change: Partial<Content>): Promise<Content> {
  const content = { ...row, ...change };
  const { title, tags } = content;
  const retitled = title !== row.title && change.file === undefined;
  const retagged = JSON.stringify(tags) !== JSON.stringify(row.tags);
  if (row.file === null || change.front !== undefined || (!retitled && !retagged)) return content;
  const { fieldFor, readFront, setFields } = await import("./text/front-fields.ts");
  const changes: Record<string, unknown> = {};
  const said = readFront(row.front);
  if (retagged) changes[fieldFor(row.front, "tags")] = tags.length > 0 ? tags : null;
  if (retitled && said.title === undefined && basenameOf(title) === title) content.file = `${title}.md`;
  else if (retitled) changes[fieldFor(row.front, "title")] = title;
  if (Object.keys(changes).length > 0) content.front = checkedFront(setFields(row.front, changes));
  return content;
}

/** Front matter with fields set, or taken away by null. Those that a note has a place of its own for are refused. */
export async function withFields(row: NoteRow, fields: Record<string, string | null>): Promise<string> {
  const own = Object.keys(fields).find((name) => /^(id|title|tags?|created_at|updated_at)$/i.test(name));
  if (own !== undefined) {
    throw new NotesError("invalid", `fields: "${own}" is not set here. Titles and tags have parameters of their own.`);
  }
  const { readValue, setFields } = await import("./text/front-fields.ts");
  const values = Object.entries(fields).map(([name, value]) => [name, value === null ? null : readValue(value)]);
  return checkedFront(setFields(row.front, Object.fromEntries(values)));
}

function checkedFront(front: string): string {
  if (splitFrontMatter(front).front === front) return front;
  throw new NotesError(
    "quota",
    "fields: the front matter would be longer than 64 KiB. Nothing was changed: leave some out.",
  );
}
