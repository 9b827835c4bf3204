import { defineTool, fail, withContent } from "@offshoot/core";
import { z } from "zod";
import type { Files } from "../domain/files.ts";
import { mediaTool } from "./read-media.ts";
import { severalTool } from "./read-several.ts";
import {
  Cursor,
  Encoding,
  MaxBytes,
  marked,
  more,
  NextCursor,
  note,
  optional,
  Path,
  reads,
  Sha256,
  untrusted,
} from "./shared.ts";

const ReadText = z.object({
  path: Path("File to read"),
  tail: z.int().min(0).optional().describe("If provided, returns only the last N lines of the file"),
  head: z.int().min(0).optional().describe("If provided, returns only the first N lines of the file"),
  cursor: Cursor,
  max_bytes: MaxBytes,
  encoding: Encoding,
});

const TextRead = z.object({
  content: z.string().describe("The text, byte for byte where the file is UTF-8"),
  size: z.int().describe("Bytes of the whole file"),
  encoding: z
    .string()
    .describe(
      "How the file is encoded: utf-8, utf-16le, utf-16be, what encoding said, or unknown-8bit, which is shown as Latin-1",
    ),
  sha256: Sha256.optional(),
  truncated: z.boolean().describe("True when there is more than fits into one answer"),
  next_cursor: NextCursor,
  ...untrusted,
});

const cutHead = "These are not all of the lines: they are longer than one answer. Without head, the file goes on.";
const cutTail =
  "These are not all of the lines: they are longer than one answer, and what is missing comes before. Read it by read_lines, or with a larger max_bytes.";
const unknownEncoding =
  "The file is not UTF-8, and is shown as Latin-1. Where letters look wrong, read it again with its encoding.";

export const readTools = (files: Files) => {
  const read = async (input: z.output<typeof ReadText>, signal: AbortSignal) => {
    const { path, head, tail, cursor, max_bytes: maxBytes, encoding } = input;
    if (head && tail) fail("Give head or tail, not both.", { code: "invalid" });
    // Models fill numbers that they do not mean with 0.
    const ends = { head: head || undefined, tail: tail || undefined };
    const part = await files.readText(path, { ...ends, cursor, maxBytes, encoding, signal });
    const { text, nextCursor, ...facts } = part;
    const data = marked({ content: text, ...facts, ...optional("next_cursor", nextCursor) });
    const blocks = [...more(head ? cutHead : "The file goes on.", nextCursor)];
    if (tail && facts.truncated) blocks.push(note(cutTail));
    if (facts.encoding === "unknown-8bit") blocks.push(note(unknownEncoding));
    // No text makes no block, and clients look into the first one.
    return withContent(data, ...(text === "" ? [{ type: "text" as const, text: "" }] : []), ...blocks);
  };
  const textTool = (name: string, title: string, description: string) =>
    defineTool({
      name,
      title,
      description,
      inputSchema: ReadText,
      outputSchema: TextRead,
      ...reads,
      toText: ({ content }) => content,
      handler: (input, { signal }) => read(input, signal),
    });
  return [
    textTool(
      "read_text_file",
      "Read a text file",
      "Read a file as text, whole or only its first (head) or last (tail) lines. A long file comes in parts: call again with the cursor. For lines in the middle use read_lines, for images read_media_file.",
    ),
    textTool("read_file", "Read a file (deprecated)", "The old name of read_text_file, which does the same. Use that."),
    defineTool({
      name: "read_lines",
      title: "Read lines of a file",
      description:
        "Read some lines from anywhere in a text file, numbered. search_content tells the numbers to look at.",
      inputSchema: z.object({
        path: Path("File to read"),
        offset: z.int().min(1).default(1).describe("Number of the first line wanted; the file begins with line 1"),
        limit: z.int().min(1).max(10_000).default(200).describe("Most lines to return"),
        max_bytes: MaxBytes,
        encoding: Encoding,
      }),
      outputSchema: z.object({
        lines: z
          .array(
            z.object({
              number: z.int().describe("Number of the line in the file"),
              text: z.string().describe("The line without its line break"),
              rest_cursor: z
                .string()
                .optional()
                .describe("Of a line longer than an answer: read_text_file goes on in it with this cursor"),
            }),
          )
          .describe("The lines, in order"),
        next_offset: z.int().optional().describe("Offset to go on with. Absent at the end of the file."),
        total_lines: z.int().optional().describe("Lines of the file, where its end was reached"),
        ...untrusted,
      }),
      ...reads,
      toText: ({ lines, next_offset: next }) =>
        [
          ...lines.flatMap(({ number, text, rest_cursor: rest }) => [
            `${number}\t${text}`,
            ...(rest === undefined
              ? []
              : [`[Line ${number} goes on: call read_text_file with cursor ${JSON.stringify(rest)}.]`]),
          ]),
          ...(lines.length === 0 ? ["[no such lines]"] : []),
          ...(next === undefined ? [] : [`[The file goes on at offset ${next}.]`]),
        ].join("\n"),
      handler: async ({ path, offset, limit, max_bytes: maxBytes, encoding }, { signal }) => {
        const options = { offset, limit, maxBytes, encoding, signal };
        const { lines: read, nextOffset, total } = await files.readLines(path, options);
        const lines = read.map(({ restCursor, ...line }) => ({ ...line, ...optional("rest_cursor", restCursor) }));
        return marked({ lines, ...optional("next_offset", nextOffset), ...optional("total_lines", total) });
      },
    }),
    mediaTool(files),
    severalTool(files),
  ];
};
