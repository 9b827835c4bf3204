import { defineTool } from "@offshoot/core";
import { DailyNote } from "../domain/daily.ts";
import { IdempotencyKey } from "../domain/keys.ts";
import { Note } from "../domain/note.ts";
import type { NotesOf } from "../owner.ts";
import { callerOptions, keyed, marked, untrusted, writes } from "./shared.ts";

export const dailyTools = (notesOf: NotesOf) => [
  defineTool({
    name: "daily_note",
    title: "Open the daily note",
    description:
      "Read the note whose title is the day, made where there is none, and add a text at its end where one is given.",
    inputSchema: DailyNote.extend({ idempotency_key: IdempotencyKey.optional() }),
    outputSchema: Note.extend(untrusted),
    ...writes,
    ...keyed,
    handler: async (input, call) => marked(await (await notesOf(call)).daily(input, callerOptions(call))),
  }),
];
