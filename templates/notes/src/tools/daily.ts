import { defineTool } from "@offshoot/core";
import { DailyNote } from "../domain/daily.ts";
import { IdempotencyKey } from "../domain/keys.ts";
import { Note } from "../domain/note.ts";
import type { Notes } from "../domain/notes.ts";
import { keyed, marked, untrusted, writes } from "./shared.ts";

export const dailyTools = (notes: Notes) => [
  defineTool({
    name: "daily_note",
    title: "Open the daily note",
    description:
      "Read the note whose title is the day, made where there is none, and add a text at its end where one is given.",
    inputSchema: DailyNote.extend({ idempotency_key: IdempotencyKey.optional() }),
    outputSchema: Note.extend(untrusted),
    ...writes,
    ...keyed,
    handler: async (input, { signal, caller }) => marked(await notes.daily(input, { signal, by: caller.id })),
  }),
];
