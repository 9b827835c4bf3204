import { resolve } from "node:path";
import { audio, defineTool, embeddedResource, fail, image, withContent } from "@offshoot/core";
import { z } from "zod";
import { FilesError } from "../domain/errors.ts";
import type { FileBytes, Files } from "../domain/files.ts";
import { uriOf } from "../uri.ts";
import { Cursor, marked, more, NextCursor, note, optional, Path, reads, Sha256, untrusted } from "./shared.ts";

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
    defineTool({
      name: "read_media_file",
      title: "Read an image, a sound or any bytes",
      description:
        "Read a file as it is: an image or a sound as such, anything else as an embedded resource with its bytes in base64.",
      inputSchema: z.object({ path: Path("File to read") }),
      outputSchema: z.object({
        content: z.array(z.union([Media, Resource])).describe("The file, as in the block beside this"),
        size: z.int().describe("Bytes of the file"),
        ...untrusted,
      }),
      ...reads,
      toText: () => "",
      handler: async ({ path }, { signal }) => {
        const file = await files.readBytes(path, { signal });
        const block = blockOf(file, uriOf(resolve(files.roots()[0] ?? "", path)));
        return withContent(marked({ content: [block], size: file.size }), block);
      },
    }),
    defineTool({
      name: "read_multiple_files",
      title: "Read several files",
      description:
        "Read several text files in one call. One that cannot be read stops no other: its place has the reason. Together they must fit into one answer.",
      inputSchema: z.object({
        paths: z.array(Path("File to read")).min(1).max(100).describe("The files to read, in the order you want them"),
      }),
      outputSchema: z.object({
        content: z.string().describe("All of it as one text, each file under its path"),
        files: z
          .array(
            z.object({
              path: z.string().describe("The path as it was given"),
              size: z.int().optional().describe("Bytes of the whole file"),
              sha256: Sha256.optional(),
              truncated: z
                .boolean()
                .optional()
                .describe("True when only the beginning is here: read_text_file has the rest"),
              error: z.string().optional().describe("Why it could not be read"),
            }),
          )
          .describe("What became of each file, in the order given"),
        ...untrusted,
      }),
      ...reads,
      toText: ({ content }) => content,
      handler: async ({ paths }, { signal }) => {
        const results = [];
        let room = files.limits.textBytes;
        for (const path of paths) {
          const result = await readOne(files, path, room, signal);
          room -= "text" in result ? Buffer.byteLength(result.text) : 0;
          results.push(result);
        }
        const content = results
          .map((result) =>
            "text" in result ? `${result.path}:\n${result.text}\n` : `${result.path}: Error - ${result.error}`,
          )
          .join("\n---\n");
        const facts = results.map((result) => ("text" in result ? withoutText(result) : result));
        const cut = results.some((result) => "text" in result && result.truncated);
        return withContent(
          marked({ content, files: facts }),
          ...(cut ? [note("Files that are marked truncated go on: read them with read_text_file.")] : []),
        );
      },
    }),
  ];
};

const Media = z.object({
  type: z.enum(["image", "audio"]).describe("What it is"),
  data: z.string().describe("The bytes in base64"),
  mimeType: z.string().describe("MIME type"),
});

const Resource = z.object({
  type: z.literal("resource").describe("Neither image nor sound"),
  resource: z
    .object({
      uri: z.string().describe("URI of the file"),
      mimeType: z.string().optional().describe("MIME type"),
      blob: z.string().describe("The bytes in base64"),
    })
    .describe("The file"),
});

/** The block, which is the structured data too: clients of the official server look for it there. */
function blockOf({ bytes, mimeType }: FileBytes, uri: string) {
  const kind = mimeType.split("/")[0];
  const block =
    kind === "image"
      ? image(bytes, mimeType)
      : kind === "audio"
        ? audio(bytes, mimeType)
        : embeddedResource({ uri, mimeType, blob: Buffer.from(bytes).toString("base64") });
  return block as typeof block & z.output<typeof Media | typeof Resource>;
}

async function readOne(files: Files, path: string, room: number, signal: AbortSignal) {
  try {
    if (room <= 0)
      throw new FilesError("too_large", "the files before it fill this answer. Read it in a call of its own.");
    const { text, size, sha256, truncated } = await files.readText(path, { signal });
    if (Buffer.byteLength(text) > room)
      throw new FilesError("too_large", "it does not fit beside the files before it. Read it in a call of its own.");
    return { path, text, size, ...optional("sha256", sha256), truncated };
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    return { path, error: error.message };
  }
}

function withoutText<Result extends { text: string }>({ text: _text, ...rest }: Result): Omit<Result, "text"> {
  return rest;
}
