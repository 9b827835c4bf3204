import { defineTool } from "@offshoot/core";
import { z } from "zod";
import { NextCursor } from "../domain/list.ts";
import { Tag } from "../domain/note.ts";
import { ListTags, TagCount } from "../domain/tags.ts";
import type { NotesOf } from "../owner.ts";
import { marked, reads, untrusted, writes } from "./shared.ts";

export const tagTools = (notesOf: NotesOf) => [
  defineTool({
    name: "list_tags",
    title: "List tags",
    description: "List all tags with the number of their notes. Look here before you invent a new tag.",
    inputSchema: ListTags,
    outputSchema: z.object({
      tags: z.array(TagCount).describe("Tags of this page, by name"),
      next_cursor: NextCursor,
      ...untrusted,
    }),
    ...reads,
    handler: async (input, call) => marked(await (await notesOf(call)).tags(input)),
  }),
  defineTool({
    name: "rename_tag",
    title: "Rename a tag",
    description:
      "Exchange a tag, and those below it, on every note that has it, also as #tag in the text, all in one step. Where the new tag exists already, the two become one.",
    inputSchema: z.object({
      from: Tag.describe("The tag to replace"),
      to: Tag.describe("The tag to put in its place"),
    }),
    outputSchema: z.object({ notes: z.int().describe("How many notes were changed") }),
    ...writes,
    handler: async ({ from, to }, call) => ({
      notes: await (await notesOf(call)).renameTag(from, to, { signal: call.signal }),
    }),
  }),
];
