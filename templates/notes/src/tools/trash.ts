import { defineTool, explainUnapproved, withContent } from "@offshoot/core";
import { z } from "zod";
import { NoteId, NoteSummary } from "../domain/note.ts";
import type { NotesOf } from "../owner.ts";
import { writes } from "./shared.ts";

export const trashTools = (notesOf: NotesOf) => [
  defineTool({
    name: "delete_note",
    title: "Delete a note",
    description:
      "Move a note to the trash. The user is asked first where the client can ask. restore_note brings it back with all its versions.",
    inputSchema: z.object({ id: NoteId }),
    outputSchema: z.object({
      id: NoteId,
      title: z.string().describe("Title of the note"),
      deleted: z.boolean().describe("False when the user did not agree: the note is still there."),
      reason: z.string().optional().describe("Why the note is still there, and what to do next"),
    }),
    annotations: { ...writes.annotations, destructiveHint: true },
    scopes: writes.scopes,
    handler: async ({ id }, call) => {
      const notes = await notesOf(call);
      const { title } = await notes.get(id);
      const answer = await call.elicit({
        message: `Move the note "${title}" (${id}) to the trash? It can be restored.`,
        schema: z.object({ delete: z.boolean().describe("Move it to the trash") }),
      });
      // The trash can be undone: a client that cannot ask its user may go on.
      const agreed = answer.action === "unavailable" || (answer.action === "accept" && answer.content.delete);
      if (!agreed) {
        const reason = explainUnapproved(answer, { state: `Note ${id} is still there.` });
        return withContent({ id, title, deleted: false, reason }, { type: "text", text: reason });
      }
      await notes.remove(id, call);
      return { id, title, deleted: true };
    },
    // #region versions
    // Before there was a reason. A client that knows no such field may refuse an answer that has it.
    versions: [
      {
        version: "1",
        inputSchema: z.object({ id: NoteId }),
        outputSchema: z.object({
          id: NoteId,
          title: z.string().describe("Title of the note"),
          deleted: z
            .boolean()
            .describe("False when the user did not agree: the note is still there. Do not ask again."),
        }),
        toCurrent: (input) => input,
        fromCurrent: ({ id, title, deleted }) => ({ id, title, deleted }),
      },
    ],
    // #endregion
  }),
  // #region restore_note
  defineTool({
    name: "restore_note",
    title: "Restore a note",
    description: "Bring a note back from the trash. list_notes with trashed true shows what is there.",
    inputSchema: z.object({ id: NoteId }),
    outputSchema: NoteSummary,
    ...writes,
    handler: async ({ id }, call) => (await notesOf(call)).restore(id, { signal: call.signal }),
  }),
  // #endregion
];
