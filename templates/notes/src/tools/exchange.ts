import { defineTool } from "@offshoot/core";
import { z } from "zod";
import { IdempotencyKey, keyDays } from "../domain/keys.ts";
import type { NotesOf } from "../owner.ts";
import { callerOptions, keyed } from "./shared.ts";

const Folder = z
  .string()
  .min(1)
  .max(500)
  .describe(
    'Name of a folder inside the server\'s exchange folder, such as "trip" or "trip/2026". Never an absolute path.',
  );

/** Thousands of files take their time; progress is told meanwhile. */
const timeoutMs = 600_000;

const mostRefused = 100;

export const exchangeTools = (notesOf: NotesOf) => [
  defineTool({
    name: "import_notes",
    title: "Import Markdown files",
    description:
      "Make a note of every Markdown file in a folder that the user has put into the server's exchange folder, such as an Obsidian vault. Folders, file names, dates and front matter are kept; the title is the one in front matter, otherwise the file's name. A file that made a note before is not imported twice. Files that cannot be imported are named with the reason.",
    inputSchema: z.object({
      folder: Folder,
      update: z
        .boolean()
        .default(false)
        .describe(
          "True lets a file that differs from the note it made, or was exported from, change that note. False refuses such a file and names it.",
        ),
      idempotency_key: IdempotencyKey.optional().describe(
        `Any text of your choice that names this one import. Repeating the call with the same key within ${keyDays} days imports no file twice; an import that was cut off goes on where it ended. The files must be the same.`,
      ),
    }),
    outputSchema: z.object({
      created: z.int().describe("Notes made"),
      updated: z.int().describe("Notes changed"),
      unchanged: z.int().describe("Notes that were the same already"),
      attachments: z
        .object({
          created: z.int().describe("Files kept for the first time"),
          updated: z.int().describe("Files kept in place of another one"),
          unchanged: z.int().describe("Files that were kept already"),
        })
        .describe("Files that are no notes, such as pictures: they are kept beside the notes and exported with them"),
      refused: z
        .array(
          z.object({
            file: z.string().describe("Path of the file inside the folder"),
            reason: z.string().describe("Why it made no note"),
          }),
        )
        .describe(`Files that made no note, the first ${mostRefused} of them`),
      refused_total: z.int().describe("How many files made no note"),
      not_understood: z
        .array(
          z.object({
            file: z.string().describe("Path of the file inside the folder"),
            fields: z.array(z.string().describe("Name of the field")).describe("Fields that are kept as they are"),
          }),
        )
        .describe(
          `Files with front matter that could not be read as title, tags or dates, the first ${mostRefused} of them`,
        ),
      not_understood_total: z.int().describe("How many files have such front matter"),
    }),
    annotations: { destructiveHint: false, openWorldHint: true },
    scopes: ["notes:write"],
    lane: "background",
    timeoutMs,
    ...keyed,
    handler: async ({ folder, update, idempotency_key: key }, call) => {
      const options = { update, key, ...callerOptions(call), progress: call.progress };
      const { refused, notUnderstood, ...counts } = await (await notesOf(call)).importFolder(folder, options);
      return {
        ...counts,
        refused: refused.slice(0, mostRefused),
        refused_total: refused.length,
        not_understood: notUnderstood.slice(0, mostRefused),
        not_understood_total: notUnderstood.length,
      };
    },
  }),
  defineTool({
    name: "export_notes",
    title: "Export notes as Markdown files",
    description:
      "Write every note as a Markdown file into a new folder in the server's exchange folder, in the folder and under the name it has: an imported vault comes out as it was. It appears complete or not at all, and never replaces one that is there.",
    inputSchema: z.object({ folder: Folder }),
    outputSchema: z.object({
      folder: z.string().describe("Name of the new folder inside the exchange folder"),
      notes: z.int().describe("How many notes were written"),
    }),
    annotations: { destructiveHint: false, openWorldHint: true },
    scopes: ["notes:read"],
    lane: "background",
    timeoutMs,
    handler: async ({ folder }, call) => ({ folder, notes: await (await notesOf(call)).exportFolder(folder, call) }),
  }),
];
