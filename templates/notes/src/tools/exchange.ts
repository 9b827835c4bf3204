import { defineTool } from "@offshoot/core";
import { z } from "zod";
import { IdempotencyKey, keyDays } from "../domain/keys.ts";
import type { Notes } from "../domain/notes.ts";
import { keyed } from "./shared.ts";

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

export const exchangeTools = (notes: Notes) => [
  defineTool({
    name: "import_notes",
    title: "Import Markdown files",
    description:
      "Make a note of every Markdown file in a folder that the user has put into the server's exchange folder. Front matter gives title and tags, otherwise the file's name is the title. Files that cannot be imported are named with the reason.",
    inputSchema: z.object({
      folder: Folder,
      update: z
        .boolean()
        .default(false)
        .describe(
          "True lets a file whose front matter has the id of a note here change that note. False makes every file a new note.",
        ),
      idempotency_key: IdempotencyKey.optional().describe(
        `Any text of your choice that names this one import. Repeating the call with the same key within ${keyDays} days imports no file twice; an import that was cut off goes on where it ended. The files must be the same.`,
      ),
    }),
    outputSchema: z.object({
      created: z.int().describe("Notes made"),
      updated: z.int().describe("Notes changed"),
      unchanged: z.int().describe("Notes that were the same already"),
      refused: z
        .array(
          z.object({
            file: z.string().describe("Path of the file inside the folder"),
            reason: z.string().describe("Why it made no note"),
          }),
        )
        .describe(`Files that made no note, the first ${mostRefused} of them`),
      refused_total: z.int().describe("How many files made no note"),
    }),
    annotations: { destructiveHint: false, openWorldHint: true },
    scopes: ["notes:write"],
    timeoutMs,
    ...keyed,
    handler: async ({ folder, update, idempotency_key: key }, { signal, progress, caller }) => {
      const options = { update, key, by: caller.id, signal, progress };
      const { refused, ...counts } = await notes.importFolder(folder, options);
      return { ...counts, refused: refused.slice(0, mostRefused), refused_total: refused.length };
    },
  }),
  defineTool({
    name: "export_notes",
    title: "Export notes as Markdown files",
    description:
      "Write every note as a Markdown file with front matter into a new folder in the server's exchange folder. It appears complete or not at all, and never replaces one that is there.",
    inputSchema: z.object({ folder: Folder }),
    outputSchema: z.object({
      folder: z.string().describe("Name of the new folder inside the exchange folder"),
      notes: z.int().describe("How many notes were written"),
    }),
    annotations: { destructiveHint: false, openWorldHint: true },
    scopes: ["notes:read"],
    timeoutMs,
    handler: async ({ folder }, task) => ({ folder, notes: await notes.exportFolder(folder, task) }),
  }),
];
