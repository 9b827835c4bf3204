import { defineTool } from "@offshoot/core";
import { z } from "zod";
import { FolderCount, ListFolders } from "../domain/folders.ts";
import { NextCursor } from "../domain/list.ts";
import { Folder } from "../domain/note.ts";
import type { NotesOf } from "../owner.ts";
import { marked, reads, untrusted, writes } from "./shared.ts";

export const folderTools = (notesOf: NotesOf) => [
  defineTool({
    name: "list_folders",
    title: "List folders",
    description: "List the folders that notes are in, with the number of notes directly in each.",
    inputSchema: ListFolders,
    outputSchema: z.object({
      folders: z.array(FolderCount).describe("Folders of this page, by path"),
      next_cursor: NextCursor,
      ...untrusted,
    }),
    ...reads,
    handler: async (input, call) => marked(await (await notesOf(call)).folders(input)),
  }),
  defineTool({
    name: "move_folder",
    title: "Move a folder",
    description:
      "Move every note in a folder and below it to another one, which renames the folder. Links to the notes follow. To move one note, use update_note.",
    inputSchema: z.object({ from: Folder.describe("The folder to move"), to: Folder.describe("Its new path") }),
    outputSchema: z.object({ notes: z.int().describe("How many notes were moved") }),
    ...writes,
    timeoutMs: 600_000,
    handler: async ({ from, to }, call) => ({
      notes: await (await notesOf(call)).moveFolder(from, to, { signal: call.signal }),
    }),
  }),
];
