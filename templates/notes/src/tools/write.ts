import { defineTool } from "@offshoot/core";
import { z } from "zod";
import { IdempotencyKey, keyDays } from "../domain/keys.ts";
import { Body, Folder, limits, NewNote, NoteId, NoteSummary, Tags, Title } from "../domain/note.ts";
import { Edit } from "../domain/text/edits.ts";
import type { NotesOf } from "../owner.ts";
import { callerOptions, keyed, writes } from "./shared.ts";

const IfVersion = z
  .int()
  .min(1)
  .optional()
  .describe(
    "Change the note only if it is still at this version. Otherwise nothing changes and the answer names the current one.",
  );

export const writeTools = (notesOf: NotesOf) => [
  defineTool({
    name: "create_note",
    title: "Create a note",
    description: "Create one note. It is on disk when this answers. For several at once, use create_notes.",
    inputSchema: NewNote.extend({ idempotency_key: IdempotencyKey.optional() }),
    outputSchema: NoteSummary,
    ...writes,
    ...keyed,
    handler: async (input, call) => (await notesOf(call)).create(input, callerOptions(call)),
  }),
  defineTool({
    name: "create_notes",
    title: "Create several notes",
    description: `Create up to ${limits.bulk} notes in one step. Each has a result of its own: one that is refused stops no other.`,
    inputSchema: z.object({
      // Checked one by one below: a title that is too long is that note's error, not the whole call's.
      notes: z
        .array(
          z.object({
            title: z.string().describe(`Title: one line of 1 to ${limits.titleCharacters} characters`),
            body: z.string().describe(`Text in Markdown, at most ${limits.bodyBytes} bytes of UTF-8`),
            tags: z.array(z.string().describe("One tag")).optional().describe(`Tags, at most ${limits.tags}`),
            folder: z.string().optional().describe('Folder such as "projects/2026"; left out it is the top'),
          }),
        )
        .min(1)
        .max(limits.bulk)
        .describe("The notes to create"),
      idempotency_key: IdempotencyKey.optional(),
    }),
    outputSchema: z.object({
      created: z.int().describe("How many notes were created"),
      results: z
        .array(
          z.object({
            note: NoteSummary.optional().describe("The note, where it was created"),
            error: z.string().optional().describe("Why it was not created, otherwise"),
          }),
        )
        .describe("One result for each note, in the order given"),
    }),
    ...writes,
    ...keyed,
    handler: async (input, call) => {
      const notes = await notesOf(call);
      const made = await notes.createMany(input.notes, { key: input.idempotency_key, ...callerOptions(call) });
      const results = made.map((item) => ("note" in item ? item : { error: item.error.message }));
      return { created: results.filter((result) => "note" in result).length, results };
    },
  }),
  defineTool({
    name: "update_note",
    title: "Update a note",
    description:
      "Replace title, body or tags of a note, set fields of its front matter, or move it to another folder; what is left out stays. Links to it follow. The version before is kept. For a small change of a long body use edit_note.",
    inputSchema: z.object({
      id: NoteId,
      title: Title.optional(),
      body: Body.optional(),
      tags: Tags.optional(),
      fields: z
        .array(
          z.object({
            name: z.string().min(1).max(100).describe("Name of the field"),
            value: z
              .string()
              .nullable()
              .describe('Its value as in YAML, such as "done", "5" or "[Plan B, Road map]"; null takes the field away'),
          }),
        )
        .max(50)
        .optional()
        .describe("Front matter to set. Fields not named stay. The field aliases holds more names to link by."),
      folder: Folder.optional(),
      if_version: IfVersion,
    }),
    outputSchema: NoteSummary,
    annotations: { ...writes.annotations, idempotentHint: true },
    scopes: writes.scopes,
    handler: async ({ fields, ...input }, call) => {
      const given = fields && Object.fromEntries(fields.map(({ name, value }) => [name, value]));
      return (await notesOf(call)).update({ ...input, fields: given }, { signal: call.signal });
    },
  }),
  defineTool({
    name: "edit_note",
    title: "Edit a note's text",
    description:
      "Change part of a note's body: append, prepend, replace exact text, or replace what stands under a heading. The version before is kept.",
    inputSchema: z.object({
      id: NoteId,
      ...Edit.shape,
      if_version: IfVersion,
      idempotency_key: IdempotencyKey.optional().describe(
        `Any text of your choice that names this one edit. Repeating the call with the same key within ${keyDays} days does not edit the note again.`,
      ),
    }),
    outputSchema: NoteSummary,
    ...writes,
    ...keyed,
    handler: async (input, call) => (await notesOf(call)).edit(input, callerOptions(call)),
  }),
];
