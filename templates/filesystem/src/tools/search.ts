import { defineTool, withContent } from "@offshoot/core";
import { z } from "zod";
import type { Files } from "../domain/files.ts";
import { escapeMisleading, escapeName } from "../domain/misleading.ts";
import { findDuplicates } from "../domain/search/duplicates.ts";
import { hashAlgorithms, hashFile } from "../domain/search/hash.ts";
import { searchFiles } from "../domain/search/names.ts";
import type { Closed } from "../domain/search/travel.ts";
import { directoryTree } from "../domain/search/tree.ts";
import {
  below,
  Cursor,
  ExcludePatterns,
  Gitignore,
  Globs,
  IgnoreCase,
  MaxDepth,
  more,
  NextCursor,
  note,
  optional,
  Path,
  reads,
} from "./shared.ts";

const Seen = z.int().describe("Entries looked at in this call");
const Truncated = z.boolean().describe("True when something is missing here");

/** Long searches answer with what they have after ten seconds; this is for a busy machine. */
const timeoutMs = 120_000;

/** Folders that were not looked into may hold what is looked for. */
function closedNote({ unreadable, tooDeep }: Closed) {
  const told = [
    ...(unreadable > 0 ? [`${unreadable} folders that could not be opened`] : []),
    ...(tooDeep > 0 ? [`${tooDeep} folders too deep: begin in one of them`] : []),
  ];
  return told.length === 0 ? [] : [note(`Not looked into: ${told.join("; ")}.`)];
}

const TreeNode = z.object({
  name: z.string().describe("Name in its folder"),
  type: z.enum(["file", "directory"]).describe("Whatever is no folder is a file, a link too"),
  get children() {
    return z.array(TreeNode).optional().describe("What stands in a folder; a file has none");
  },
  unexplored: z.literal(true).optional().describe("A folder that was not looked into: too deep, or closed"),
});

export const searchTools = (files: Files, { pageBytes } = files.limits) => [
  defineTool({
    name: "directory_tree",
    title: "Show a folder as a tree",
    description:
      "List everything below a folder as a tree in JSON. Links are not followed. A large tree comes in pages; for a first look set max_depth.",
    inputSchema: z.object({
      path: Path("Folder to begin at"),
      excludePatterns: ExcludePatterns,
      ignore_case: IgnoreCase,
      gitignore: Gitignore,
      max_depth: MaxDepth,
      cursor: Cursor,
    }),
    outputSchema: z.object({
      tree: z.array(TreeNode).describe("What stands in the folder. A later page tells the folders above it again."),
      entries: z.int().describe("Entries in this page"),
      truncated: Truncated,
      next_cursor: NextCursor,
    }),
    ...reads,
    timeoutMs,
    toText: ({ tree }) => escapeMisleading(JSON.stringify(tree, null, 2)).replaceAll("\\u000a", "\n"),
    handler: async (input, { signal, progress }) => {
      const { path, excludePatterns, ignore_case: ignoreCase, gitignore, max_depth: maxDepth, cursor } = input;
      const options = { excludePatterns, ignoreCase, gitignore, maxDepth, cursor, pageBytes, signal, progress };
      const { tree, entries, truncated, nextCursor, closed } = await directoryTree(files.safeFs, path, options);
      const data = { tree, entries, truncated, ...optional("next_cursor", nextCursor) };
      return withContent(data, ...closedNote(closed), ...more("The tree goes on.", nextCursor));
    },
  }),
  defineTool({
    name: "search_files",
    title: "Find files by name",
    description:
      'Find files and folders by a glob on their path below a folder: "*.ts" in the folder itself, "**/*.ts" anywhere below. For what files say use search_content.',
    inputSchema: z.object({
      path: Path("Folder to search"),
      pattern: z.string().min(1).max(1_000).describe('Glob, such as "**/*.md" or "src/{a,b}*/*.[jt]s"'),
      excludePatterns: ExcludePatterns,
      ignore_case: IgnoreCase,
      gitignore: Gitignore,
      max_depth: MaxDepth,
      max_results: z.int().min(1).max(20_000).default(10_000).describe("Most paths to return"),
      cursor: Cursor,
    }),
    outputSchema: z.object({
      paths: z.array(z.string()).describe("Paths found, each beginning with the folder as it was given"),
      seen: Seen,
      truncated: Truncated,
      next_cursor: NextCursor,
    }),
    ...reads,
    timeoutMs,
    toText: ({ paths }) => (paths.length === 0 ? "No matches found" : paths.map(escapeName).join("\n")),
    handler: async (input, { signal, progress }) => {
      const { path, pattern, excludePatterns, ignore_case: ignoreCase, gitignore, max_depth: maxDepth } = input;
      const { max_results: maxResults, cursor } = input;
      const options = {
        excludePatterns,
        ignoreCase,
        gitignore,
        maxDepth,
        maxResults,
        cursor,
        pageBytes,
        signal,
        progress,
      };
      const { paths, seen, truncated, nextCursor, closed } = await searchFiles(files.safeFs, path, pattern, options);
      const found = { paths: paths.map(below(path)), seen, truncated, ...optional("next_cursor", nextCursor) };
      return withContent(found, ...closedNote(closed), ...more("There may be more.", nextCursor));
    },
  }),
  defineTool({
    name: "hash_file",
    title: "Hash a file",
    description: "Compute a hash over the content of a file of any size. The SHA-256 is what if_sha256 takes.",
    inputSchema: z.object({
      path: Path("File to hash"),
      algorithm: z.enum(hashAlgorithms).default("sha256").describe("Which hash"),
    }),
    outputSchema: z.object({
      hash: z.string().describe("The hash, in hexadecimal"),
      algorithm: z.enum(hashAlgorithms).describe("Which hash it is"),
      size: z.int().describe("Bytes hashed"),
    }),
    ...reads,
    timeoutMs: 600_000,
    handler: async ({ path, algorithm }, { signal, progress }) => {
      const file = files.safeFs.openFile(path);
      try {
        const { hash, bytes } = await hashFile(file, algorithm, { signal, progress });
        return { hash, algorithm, size: bytes };
      } finally {
        file.close();
      }
    },
  }),
  defineTool({
    name: "find_duplicates",
    title: "Find files with the same content",
    description: "Find files below a folder whose content is the same, byte for byte, the largest waste first.",
    inputSchema: z.object({
      path: Path("Folder to search"),
      include: Globs("look at"),
      exclude: Globs("leave out"),
      min_size: z.int().min(1).default(1).describe("Leave out smaller files, in bytes"),
      max_groups: z.int().min(1).max(1_000).default(100).describe("Most groups to return"),
    }),
    outputSchema: z.object({
      groups: z
        .array(
          z.object({
            sha256: z.string().describe("SHA-256 of each of them"),
            size: z.int().describe("Bytes of each of them"),
            paths: z.array(z.string()).describe("Paths, each beginning with the folder as it was given"),
          }),
        )
        .describe("Files that are the same, a group for each content"),
      wasted: z.int().describe("Bytes that were free if one of each group stayed"),
      seen: Seen,
      truncated: Truncated,
    }),
    ...reads,
    timeoutMs,
    toText: (found) => escapeMisleading(JSON.stringify(found)),
    handler: async (input, { signal, progress }) => {
      const { path, include, exclude, min_size: minBytes, max_groups: most } = input;
      const found = await findDuplicates(files.safeFs, path, { include, exclude, minBytes, signal, progress });
      const { groups, wasted, seen, truncated, closed } = found;
      const shown = groups.slice(0, most).map((group) => ({ ...group, paths: group.paths.map(below(path)) }));
      const cut = truncated || groups.length > most;
      return withContent(
        { groups: shown, wasted, seen, truncated: cut },
        ...closedNote(closed),
        ...(cut ? [note("There may be more. Search a smaller folder, or only what include names.")] : []),
      );
    },
  }),
];
