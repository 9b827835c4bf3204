import { isMap, parseDocument } from "yaml";
import { z } from "zod";
import { NoteId } from "../note.ts";

/** What a Markdown file says about a note. A file that Offshoot did not write may say less. */
export interface ParsedMarkdown {
  id?: string;
  title?: string;
  tags: string[];
  created_at?: string;
  body: string;
}

/** Front matter as a person or another program writes it: every field may be missing. */
const FrontMatter = z.strictObject({
  id: NoteId.optional(),
  title: z.string().optional(),
  tags: z.array(z.string()).optional(),
  created_at: z.iso.datetime().optional(),
  updated_at: z.iso.datetime().optional(),
});

/**
 * Reads a Markdown file. Front matter that says more than a note can hold is taken for title and tags *and* left in the
 * body: another program's fields are never lost.
 */
export function fromMarkdown(text: string): ParsedMarkdown {
  const found = splitFrontMatter(text);
  const fields = found && readFields(found.front);
  if (!found || !fields) return { tags: [], body: text };
  const known = FrontMatter.safeParse(fields);
  if (!known.success) return { ...looseFields(fields), body: text };
  const { id, title, tags, created_at } = known.data;
  return {
    ...(id !== undefined && { id }),
    ...(title !== undefined && { title }),
    tags: tags ?? [],
    ...(created_at !== undefined && { created_at }),
    body: found.body,
  };
}

const longestFrontMatter = 65_536;

function splitFrontMatter(text: string): { front: string; body: string } | undefined {
  const opening = /^\uFEFF?---[ \t]*\r?\n/.exec(text)?.[0];
  if (opening === undefined) return undefined;
  const closing = /^---[ \t]*(?:\r?\n|$)/gm;
  closing.lastIndex = opening.length;
  const end = closing.exec(text);
  if (end === null || end.index > longestFrontMatter) return undefined;
  return { front: text.slice(opening.length, end.index), body: text.slice(end.index + end[0].length) };
}

function readFields(front: string): Record<string, unknown> | undefined {
  const document = parseDocument(front, { logLevel: "silent", uniqueKeys: true });
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined;
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch {
    return undefined; // too many aliases
  }
}

function looseFields({ title, tags }: Record<string, unknown>): Omit<ParsedMarkdown, "body"> {
  const list = typeof tags === "string" ? tags.split(",") : Array.isArray(tags) ? tags : [];
  return {
    ...(typeof title === "string" && title.trim() !== "" && { title }),
    tags: list
      .filter((tag) => typeof tag === "string")
      .map((tag) => tag.trim().replace(/^#/, ""))
      .filter((tag) => tag !== ""),
  };
}
