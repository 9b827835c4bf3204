import { type CallContext, defineTool, explainUnapproved, showsViews, withContent } from "@offshoot/core";
import { z } from "zod";
import { NoteId, NoteSummary } from "../domain/note.ts";
import type { NotesOf } from "../owner.ts";
import { deleteView } from "../views.ts";
import { writes } from "./shared.ts";

/** What delete_note takes and answers; its view is typed by it, too. */
export const DeleteNote = {
  input: z.object({ id: NoteId }),
  output: z.object({
    id: NoteId,
    title: z.string().describe("Title of the note"),
    deleted: z.boolean().describe("False when the user did not agree: the note is still there."),
    asks_in_view: z.boolean().optional().describe("True where the user is being asked, and nothing is deleted yet"),
    reason: z.string().optional().describe("Why the note is still there, and what to do next"),
  }),
};

const deletes = {
  inputSchema: DeleteNote.input,
  outputSchema: DeleteNote.output,
  annotations: { ...writes.annotations, destructiveHint: true },
  scopes: writes.scopes,
};

/** @param agreedInView the user has pressed a button of ours; a client without views has none, and is asked */
const deleteHandler =
  (notesOf: NotesOf, { agreedInView }: { agreedInView: boolean }) =>
  async ({ id }: z.output<typeof DeleteNote.input>, call: CallContext) => {
    const notes = await notesOf(call);
    const { title } = await notes.get(id);
    const kept = (reason: string, more = {}) =>
      withContent({ id, title, deleted: false, reason, ...more }, { type: "text", text: reason });
    if (!(agreedInView && showsViews(call))) {
      const answer = await call.elicit({
        message: `Move the note "${title}" (${id}) to the trash? It can be restored.`,
        schema: z.object({ delete: z.boolean().describe("Move it to the trash") }),
      });
      if (answer.action === "unavailable" && showsViews(call))
        return kept(
          `The user is being asked in a view, and note ${id} is still there. Go on without it; do not call again.`,
          {
            asks_in_view: true,
          },
        );
      // The trash can be undone: a client that cannot ask its user may go on.
      const agreed = answer.action === "unavailable" || (answer.action === "accept" && answer.content.delete);
      if (!agreed) return kept(explainUnapproved(answer, { state: `Note ${id} is still there.` }));
    }
    await notes.remove(id, call);
    return { id, title, deleted: true };
  };

export const trashTools = (notesOf: NotesOf) => [
  defineTool({
    name: "delete_note",
    title: "Delete a note",
    description:
      "Move a note to the trash. The user is asked first where the client can ask. restore_note brings it back with all its versions.",
    ...deletes,
    view: deleteView,
    handler: deleteHandler(notesOf, { agreedInView: false }),
    // #region versions
    // Before there were views, and a reason. A client that knows no such field may refuse an answer that has it.
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
  defineTool({
    name: "delete_note_confirmed",
    title: "Delete a note, confirmed in a view",
    description:
      "For this server's views, where the user has agreed: move a note to the trash. Call delete_note instead, which asks.",
    ...deletes,
    sameAs: "delete_note",
    // Clients that show views keep it from the model.
    _meta: { ui: { visibility: ["app"] } },
    handler: deleteHandler(notesOf, { agreedInView: true }),
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
