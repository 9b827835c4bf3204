import { defineTool, withContent } from "@offshoot/core";
import { z } from "zod";
import { FilesError } from "../domain/errors.ts";
import type { Files } from "../domain/files.ts";
import { escapeName } from "../domain/misleading.ts";
import { marked, note, optional, Path, reads, Sha256, untrusted } from "./shared.ts";

export const severalTool = (files: Files) =>
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
      let room = files.limits.pageBytes;
      for (const path of paths) {
        const result = await readOne(files, path, room, signal);
        room -= "text" in result ? Buffer.byteLength(result.text) : 0;
        results.push(result);
      }
      const content = results
        .map((result) =>
          "text" in result
            ? `${escapeName(result.path)}:\n${result.text}\n`
            : `${escapeName(result.path)}: Error - ${result.error}`,
        )
        .join("\n---\n");
      const facts = results.map((result) => ("text" in result ? withoutText(result) : result));
      const cut = results.some((result) => "text" in result && result.truncated);
      return withContent(
        marked({ content, files: facts }),
        ...(cut ? [note("Files that are marked truncated go on: read them with read_text_file.")] : []),
      );
    },
  });

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
