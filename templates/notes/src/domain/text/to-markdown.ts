import type { Note } from "../note.ts";

/** A note as a file: front matter, then the body byte for byte. */
export function toMarkdown({ id, title, tags, created_at, updated_at, body }: Note): string {
  const front = [
    `id: ${quoted(id)}`,
    `title: ${quoted(title)}`,
    tags.length === 0 ? "tags: []" : `tags:\n${tags.map((tag) => `  - ${quoted(tag)}\n`).join("")}`.trimEnd(),
    `created_at: ${quoted(created_at)}`,
    `updated_at: ${quoted(updated_at)}`,
  ];
  return `---\n${front.join("\n")}\n---\n${body}`;
}

// A JSON string is a double-quoted YAML string, but for characters that YAML calls unprintable or takes for line ends.
const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
