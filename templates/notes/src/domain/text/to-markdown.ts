import { splitFrontMatter } from "./front-matter.ts";

/** What goes into a file. */
export interface Exported {
  id: string;
  title: string;
  tags: string[];
  created_at: string;
  updated_at: string;
  body: string;
  /** Front matter as it is kept. */
  front: string;
  /** Name of the file the note came from, or null where it was made here. */
  file: string | null;
}

/**
 * A note as a file. One that came from a file is that file again; one that was made here says in front matter what its
 * file does not tell, beside the fields it has been given.
 */
export function toMarkdown(note: Exported): string {
  if (note.file !== null) return note.front + note.body;
  const { id, title, tags, created_at, updated_at, body, front } = note;
  const lines = [
    `id: ${quote(id)}`,
    `title: ${quote(title)}`,
    ...(tags.length === 0 ? [] : [`tags:\n${tags.map((tag) => `  - ${quote(tag)}\n`).join("")}`.trimEnd()]),
    `created_at: ${quote(created_at)}`,
    `updated_at: ${quote(updated_at)}`,
  ];
  return `---\n${lines.join("\n")}\n${ownFields(front)}---\n${body}`;
}

/** The lines between the marks. Front matter of a note made here holds its fields and nothing else. */
const ownFields = (front: string): string => (splitFrontMatter(front).front === "" ? "" : front.slice(4, -4));

// A JSON string is a double-quoted YAML string, but for characters that YAML calls unprintable or takes for line ends.
const quote = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
