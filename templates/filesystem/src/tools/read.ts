import { defineTool, fail, withContent } from "@offshoot/core";
import { z } from "zod";
import type { Files } from "../domain/files.ts";
import { mediaTool } from "./read-media.ts";
import { severalTool } from "./read-several.ts";
import { Cursor, marked, more, NextCursor, optional, Path, reads, Sha256, untrusted } from "./shared.ts";

const ReadText = z.object({
  path: Path("File to read"),
  tail: z.int().min(0).optional().describe("If provided, returns only the last N lines of the file"),
  head: z.int().min(0).optional().describe("If provided, returns only the first N lines of the file"),
  cursor: Cursor,
});

const TextRead = z.object({
  content: z.string().describe("The text, byte for byte where the file is UTF-8"),
  size: z.int().describe("Bytes of the whole file"),
  encoding: z.string().describe("How the file is encoded: utf-8, utf-16le, utf-16be or latin1"),
  sha256: Sha256.optional(),
  truncated: z.boolean().describe("True when there is more than fits into one answer"),
  next_cursor: NextCursor,
  ...untrusted,
});

export const readTools = (files: Files) => {
  const read = async ({ path, head, tail, cursor }: z.output<typeof ReadText>, signal: AbortSignal) => {
    if (head && tail) fail("Give head or tail, not both.", { code: "invalid" });
    // Models fill numbers that they do not mean with 0.
    const part = await files.readText(path, { head: head || undefined, tail: tail || undefined, cursor, signal });
    const { text, nextCursor, ...facts } = part;
    const data = marked({ content: text, ...facts, ...optional("next_cursor", nextCursor) });
    const blocks = more("The file goes on.", nextCursor);
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
      }),
      outputSchema: z.object({
        lines: z
          .array(
            z.object({
              number: z.int().describe("Number of the line in the file"),
              text: z.string().describe("The line without its line break"),
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
          ...lines.map(({ number, text }) => `${number}\t${text}`),
          ...(lines.length === 0 ? ["[no such lines]"] : []),
          ...(next === undefined ? [] : [`[The file goes on at offset ${next}.]`]),
        ].join("\n"),
      handler: async ({ path, offset, limit }, { signal }) => {
        const { lines, nextOffset, total } = await files.readLines(path, { offset, limit, signal });
        return marked({ lines, ...optional("next_offset", nextOffset), ...optional("total_lines", total) });
      },
    }),
    mediaTool(files),
    severalTool(files),
  ];
};
