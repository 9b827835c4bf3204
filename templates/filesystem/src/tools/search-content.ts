import { defineTool, withContent } from "@offshoot/core";
import { z } from "zod";
import type { Files } from "../domain/files.ts";
import { escapeName } from "../domain/misleading.ts";
import { type FileMatches, type FoundContent, searchContent } from "../domain/search/content.ts";
import {
  below,
  Cursor,
  Gitignore,
  Globs,
  IgnoreCase,
  MaxDepth,
  marked,
  more,
  NextCursor,
  note,
  optional,
  Path,
  reads,
  untrusted,
} from "./shared.ts";

export const contentTools = (files: Files, { pageBytes } = files.limits) => [
  defineTool({
    name: "search_content",
    title: "Find files by what they say",
    description:
      "Find the lines that match a pattern in the files below a folder, with their numbers; read_lines shows more around one. The pattern is a regular expression of the RE2 kind (no look-around, no back-references) or, with literal, plain text.",
    inputSchema: z.object({
      path: Path("Folder to search"),
      pattern: z.string().min(1).max(1_000).describe("Regular expression, or the text itself with literal"),
      literal: z.boolean().default(false).describe("Search for the text itself"),
      case_sensitive: z.boolean().default(true).describe("False takes capital and small letters as the same"),
      include: Globs("read"),
      exclude: Globs("leave out"),
      ignore_case: IgnoreCase,
      gitignore: Gitignore,
      context: z.int().min(0).max(10).default(0).describe("Lines to show before and after each match"),
      max_matches: z.int().min(1).max(5_000).default(200).describe("Matching lines after which to answer"),
      max_matches_per_file: z.int().min(1).max(1_000).default(50).describe("Most of them in one file"),
      max_depth: MaxDepth,
      cursor: Cursor,
    }),
    outputSchema: z.object({
      files: z
        .array(
          z.object({
            path: z.string().describe("Path of the file, beginning with the folder as it was given"),
            matches: z
              .array(
                z.object({
                  line: z.int().describe("Number of the line; offset of read_lines"),
                  column: z.int().describe("Where in the line the first match begins, from 1"),
                  text: z.string().describe("The line, cut where it is very long"),
                  before: z.array(z.string()).optional().describe("Lines before it, as many as context asks for"),
                  after: z.array(z.string()).optional().describe("Lines after it"),
                }),
              )
              .describe("Lines that match"),
            more: z.boolean().describe("True when the file has more of them"),
          }),
        )
        .describe("Files with matches, folder by folder"),
      matches: z.int().describe("Matching lines in this answer"),
      searched: z.int().describe("Files searched in this call"),
      skipped: z
        .object({
          binary: z.int().describe("Files that are no text"),
          too_large: z.int().describe("Files too large to search"),
          unreadable: z.int().describe("Files that could not be opened"),
          slow: z.int().describe("Files that took too long with this pattern"),
        })
        .describe("Files that were not searched"),
      truncated: z.boolean().describe("True when something is missing here"),
      next_cursor: NextCursor,
      ...untrusted,
    }),
    ...reads,
    timeoutMs: 120_000,
    // What grep prints, made where the domain's own types are at hand.
    toText: () => "",
    handler: async (input, { signal, progress }) => {
      const {
        path,
        pattern,
        case_sensitive: caseSensitive,
        ignore_case: ignoreCase,
        max_matches: maxMatches,
        max_matches_per_file: maxMatchesPerFile,
        max_depth: maxDepth,
        ...rest
      } = input;
      const options = {
        ...rest,
        caseSensitive,
        ignoreCase,
        maxMatches,
        maxMatchesPerFile,
        maxDepth,
        pageBytes,
        signal,
        progress,
      };
      const found = await searchContent(files.safeFs, path, pattern, { ...options, encoding: files.encoding });
      const { tooLarge, ...skipped } = found.skipped;
      const data = marked({
        files: found.files.map((file) => ({ ...file, path: below(path)(file.path) })),
        matches: found.matches,
        searched: found.searched,
        skipped: { ...skipped, too_large: tooLarge },
        truncated: found.truncated,
        ...optional("next_cursor", found.nextCursor),
      });
      const lines = data.files.length === 0 ? "No matches found" : data.files.map(grep).join("\n");
      return withContent(
        data,
        { type: "text", text: lines },
        ...skippedNote(found),
        ...more("There may be more.", found.nextCursor),
      );
    },
  }),
];

/** What was left out may hold what is looked for. */
function skippedNote({ skipped, closed }: FoundContent) {
  const parts = [
    [skipped.tooLarge, "too large to search: read them with read_lines"],
    [skipped.slow, "too slow with this pattern: search for something simpler"],
    [skipped.unreadable, "could not be opened"],
    [closed.unreadable, "folders that could not be opened"],
    [skipped.binary, "binary"],
    [closed.tooDeep, "folders too deep: search in one of them"],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, why]) => `${count} ${why}`);
  return told.length === 0 ? [] : [note(`Not searched: ${told.join("; ")}.`)];
}

/** As grep writes matches: `path:12:text`, and `path-11-text` for the lines around them. */
function grep({ path: raw, matches, more: cut }: FileMatches): string {
  const path = escapeName(raw);
  const lines = matches.flatMap(({ line, text, before = [], after = [] }) => [
    ...before.map((other, index) => `${path}-${line - before.length + index}-${other}`),
    `${path}:${line}:${text}`,
    ...after.map((other, index) => `${path}-${line + 1 + index}-${other}`),
  ]);
  return [...lines, ...(cut ? [`${path}: more matches in this file, with a larger max_matches_per_file`] : [])].join(
    "\n",
  );
}
