import { defineTool } from "@offshoot/core";
import { z } from "zod";
import { ActivityEntry, RecentActivity } from "../domain/activity.ts";
import { ListNotes, NextCursor, SearchHit, SearchNotes } from "../domain/list.ts";
import { Note, NoteId, NoteSummary } from "../domain/note.ts";
import type { NotesOf } from "../owner.ts";
import { listView } from "../views.ts";
import { marked, reads, untrusted } from "./shared.ts";

export const readTools = (notesOf: NotesOf) => [
  defineTool({
    name: "get_note",
    title: "Read a note",
    description:
      "Read one note by id, as it is now or at an earlier version. A long body comes in parts: call again with offset set to next_offset.",
    inputSchema: z.object({
      id: NoteId,
      version: z
        .int()
        .min(1)
        .optional()
        .describe("Version to read, from list_revisions. Leave it out for the current one."),
      offset: z.int().min(0).default(0).describe("Character of the body to begin at"),
      limit: z.int().min(1).max(200_000).default(50_000).describe("Most characters of the body to return"),
    }),
    outputSchema: Note.extend({
      offset: z.int().describe("Character at which this part of the body begins"),
      next_offset: z.int().optional().describe("Where the next part begins. Absent when the body ends here."),
      ...untrusted,
    }),
    ...reads,
    handler: async ({ id, version, offset, limit }, call) => {
      const note = await (await notesOf(call)).get(id, version);
      return marked({ ...note, ...part(note.body, offset, limit) });
    },
  }),
  defineTool({
    name: "list_notes",
    title: "List notes",
    description:
      "List notes without their text, the latest change first, optionally of one tag or time, or those in the trash. To find words, use search_notes.",
    inputSchema: ListNotes,
    outputSchema: z.object({
      notes: z.array(NoteSummary).describe("Notes of this page"),
      next_cursor: NextCursor,
      ...untrusted,
    }),
    view: listView,
    ...reads,
    handler: async (input, call) => marked(await (await notesOf(call)).list(input, { signal: call.signal })),
  }),
  defineTool({
    name: "search_notes",
    title: "Search notes",
    description:
      "Find notes by words in title and text, the best match first, each with a snippet. Read the whole with get_note.",
    inputSchema: SearchNotes,
    outputSchema: z.object({
      notes: z.array(SearchHit).describe("Notes found, the best first"),
      next_cursor: NextCursor,
      ...untrusted,
    }),
    view: listView,
    ...reads,
    handler: async (input, call) => marked(await (await notesOf(call)).search(input, { signal: call.signal })),
  }),
  defineTool({
    name: "recent_activity",
    title: "Show recent activity",
    description:
      "List what changed, the latest first: one entry for each call that changed something, with the notes it touched.",
    inputSchema: RecentActivity,
    outputSchema: z.object({
      activity: z.array(ActivityEntry).describe("Entries of this page"),
      next_cursor: NextCursor,
    }),
    ...reads,
    handler: async (input, call) => (await notesOf(call)).activity(input),
  }),
];

/** A part of a body that begins and ends between whole characters. */
function part(body: string, offset: number, limit: number) {
  const inside = (at: number) => /^[\udc00-\udfff]/.test(body.slice(at)) && at > 0;
  const from = inside(offset) ? offset - 1 : offset;
  const end = from + limit;
  const to = inside(end) ? end + 1 : end;
  return { body: body.slice(from, to), offset: from, ...(to < body.length && { next_offset: to }) };
}
