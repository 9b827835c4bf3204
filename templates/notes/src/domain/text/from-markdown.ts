import { type FrontFields, readFront } from "./front-fields.ts";
import { splitFrontMatter } from "./front-matter.ts";

/** What a Markdown file says about a note. `front` and `body` together are the whole file. */
export interface ParsedMarkdown extends FrontFields {
  front: string;
  body: string;
}

export function fromMarkdown(text: string): ParsedMarkdown {
  const { front, rest: body } = splitFrontMatter(text);
  return { ...readFront(front), front, body };
}
