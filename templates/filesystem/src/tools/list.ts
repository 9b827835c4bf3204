import { defineTool, fail, withContent } from "@offshoot/core";
import { z } from "zod";
import type { Files, ListedEntry } from "../domain/files.ts";
import { escapeName } from "../domain/misleading.ts";
import { formatListing, sizedListing } from "../domain/search/sizes.ts";
import { bytesOf } from "../domain/search/told.ts";
import { Cursor, more, NextCursor, optional, Path, reads } from "./shared.ts";

const Limit = z.int().min(1).max(10_000).default(5_000).describe("Most entries to return");
const Kind = z.enum(["file", "directory", "link", "other"]).describe("What it is. A link is not followed here.");

const Entry = z.object({
  name: z.string().describe("Name in the folder"),
  type: Kind,
  size: z.int().optional().describe("Bytes, for a file whose size was asked for"),
});

const label = (type: string): string => (type === "directory" ? "[DIR]" : "[FILE]");

export const listTools = (files: Files) => [
  defineTool({
    name: "list_directory",
    title: "List a folder",
    description: "List what stands in a folder, by name, folders marked [DIR] and all else [FILE].",
    inputSchema: z.object({ path: Path("Folder to list"), cursor: Cursor, limit: Limit }),
    outputSchema: z.object({
      entries: z.array(Entry.omit({ size: true })).describe("Entries of this page"),
      next_cursor: NextCursor,
    }),
    ...reads,
    toText: ({ entries }) =>
      entries.map(({ name, type }) => `${label(type)} ${escapeName(name)}`).join("\n") || "[empty]",
    handler: async ({ path, cursor, limit }, { signal }) => {
      const page = pageOf(await files.list(path, { signal }), cursor, limit, files.limits.pageBytes);
      const entries = page.items.map(({ name, type }) => ({ name, type }));
      const data = { entries, ...optional("next_cursor", page.next) };
      return withContent(data, ...more("The folder has more entries.", page.next));
    },
  }),
  defineTool({
    name: "list_directory_with_sizes",
    title: "List a folder with sizes",
    description:
      "List what stands in a folder with the size of each file, by name or the largest first, and their sum.",
    inputSchema: z.object({
      path: Path("Folder to list"),
      sortBy: z.enum(["name", "size"]).default("name").describe("Sort entries by name or size"),
      cursor: Cursor,
      limit: Limit,
    }),
    outputSchema: z.object({
      entries: z.array(Entry).describe("Entries of this page"),
      files: z.int().describe("Files in the folder, on all pages"),
      directories: z.int().describe("Folders in it"),
      total_size: z.int().describe("Bytes of all its files together, without those of folders in it"),
      next_cursor: NextCursor,
    }),
    ...reads,
    // The lines need more than this page: the handler makes them.
    toText: () => "",
    handler: async ({ path, sortBy, cursor, limit }, { signal }) => {
      const sized = sizedListing(await files.list(path, { facts: true, signal }), sortBy);
      const page = pageOf(sized.entries, cursor, limit, files.limits.pageBytes);
      const data = {
        entries: page.items.map(({ name, type, facts }) => {
          return { name, type, ...optional("size", type === "directory" ? undefined : facts?.size) };
        }),
        files: sized.files,
        directories: sized.directories,
        total_size: sized.bytes,
        ...optional("next_cursor", page.next),
      };
      const lines = { type: "text" as const, text: formatListing({ ...sized, entries: page.items }) };
      return withContent(data, lines, ...more("The folder has more entries.", page.next));
    },
  }),
  defineTool({
    name: "get_file_info",
    title: "Look at a file",
    description:
      "Tell size, times, permissions and kind of a file or folder without reading it. hash_file has its SHA-256.",
    inputSchema: z.object({ path: Path("File or folder to look at") }),
    outputSchema: z.object({
      type: Kind,
      size: z.int().describe("Bytes"),
      created: z.string().describe("When it was made, ISO 8601"),
      modified: z.string().describe("When its content last changed, ISO 8601"),
      accessed: z.string().describe("When it was last read, as far as the system keeps that, ISO 8601"),
      permissions: z.string().describe('Permission bits in octal, such as "644"'),
      link: z.boolean().describe("True when the path leads over a link"),
      hard_links: z
        .int()
        .describe(
          "Names of this file; above 1, append_file changes it under all of them, write_file and edit_file under this one only",
        ),
    }),
    ...reads,
    toText: ({ type, size, created, modified, accessed, permissions }) =>
      [
        `size: ${size}`,
        `created: ${new Date(created)}`,
        `modified: ${new Date(modified)}`,
        `accessed: ${new Date(accessed)}`,
        `isDirectory: ${type === "directory"}`,
        `isFile: ${type === "file"}`,
        `permissions: ${permissions}`,
      ].join("\n"),
    handler: async ({ path }) => {
      const { type, size, created, modified, accessed, mode, link, nlink } = await files.stat(path);
      const time = (ms: number) => new Date(ms).toISOString();
      return {
        type,
        size,
        created: time(created),
        modified: time(modified),
        accessed: time(accessed),
        permissions: (mode & 0o777).toString(8).padStart(3, "0"),
        link,
        hard_links: nlink,
      };
    },
  }),
  defineTool({
    name: "list_allowed_directories",
    title: "List the allowed folders",
    description: "List the folders this server works in. Everything below them can be reached, and nothing else.",
    inputSchema: z.object({}),
    outputSchema: z.object({ directories: z.array(z.string()).describe("The allowed folders") }),
    ...reads,
    toText: ({ directories }) => `Allowed directories:\n${directories.map(escapeName).join("\n")}`,
    handler: () => ({ directories: files.roots() }),
  }),
];

/** A page of what has been listed. The cursor says how many came before: a listing is short and made again each time. */
function pageOf<Item extends Pick<ListedEntry, "name">>(
  items: Item[],
  cursor: string | undefined,
  limit: number,
  pageBytes: number,
) {
  const from = cursor === undefined ? 0 : Number(cursor);
  if (!Number.isSafeInteger(from) || from < 0 || String(from) !== (cursor ?? "0"))
    fail("This cursor is not from here. Call again without one.", { code: "invalid" });
  let [to, bytes] = [from, 0];
  for (; to < items.length && to < from + limit && (bytes < pageBytes || to === from); to++)
    bytes += bytesOf(items[to]?.name ?? "") + labelBytes;
  return { items: items.slice(from, to), next: to < items.length ? String(to) : undefined };
}

/** What stands beside a name in a listing, about. */
const labelBytes = 10;
