import { defineTool, fail } from "@offshoot/core";
import { z } from "zod";
import { Paging } from "../domain/graph.ts";
import { NextCursor } from "../domain/list.ts";
import { NoteId } from "../domain/note.ts";
import type { Notes } from "../domain/notes.ts";
import type { NotesOf } from "../owner.ts";
import { marked, reads, untrusted } from "./shared.ts";

const Linked = z.object({
  id: NoteId.nullable().describe("The note, or null where a link leads to none"),
  title: z.string().optional().describe("Title of the note, for backlinks and orphans"),
  target: z.string().optional().describe("What the link names, for outgoing and broken"),
});

export const linkTools = (notesOf: NotesOf) => [
  defineTool({
    name: "list_links",
    title: "List links between notes",
    description:
      "List the notes a note links to (outgoing) or those that link to it (backlinks); or, over all notes, those no other note links to (orphans) and links that lead nowhere (broken).",
    inputSchema: z.object({
      show: z
        .enum(["outgoing", "backlinks", "orphans", "broken"])
        .describe("outgoing and backlinks are about one note and need its id; orphans and broken are about all"),
      id: NoteId.optional().describe("The note, for outgoing and backlinks"),
      ...Paging.shape,
    }),
    outputSchema: z.object({
      links: z
        .array(Linked)
        .describe(
          "Entries of this page. Of orphans and broken links it may hold none while there is a next_cursor. For broken, id is the note in which the link stands.",
        ),
      next_cursor: NextCursor,
      ...untrusted,
    }),
    ...reads,
    handler: async ({ show, id, ...paging }, call) =>
      marked(await listLinks(await notesOf(call), { show, id, paging, signal: call.signal })),
  }),
];

type Show = "outgoing" | "backlinks" | "orphans" | "broken";

interface Listing {
  show: Show;
  id: string | undefined;
  paging: z.output<typeof Paging>;
  signal: AbortSignal;
}

async function listLinks(notes: Notes, { show, id, paging, signal }: Listing) {
  if (show === "broken") {
    const { links, ...next } = await notes.brokenLinks(paging, { signal });
    return { links: links.map(({ target, in: note }) => ({ target, id: note })), ...next };
  }
  if (show === "orphans") {
    const { notes: links, ...next } = await notes.orphans(paging, { signal });
    return { links, ...next };
  }
  if (id === undefined) fail(`show "${show}" is about one note: give its id.`, { code: "invalid" });
  if (show === "outgoing") return notes.outgoingLinks(id, paging);
  const { notes: links, ...next } = await notes.backlinks(id, paging);
  return { links, ...next };
}
