import { defineResource, fail } from "@offshoot/core";
import { NoteId } from "./domain/note.ts";
import type { Notes } from "./domain/notes.ts";

/** A note as resource contents. Clients are told that its text is nobody's instruction. */
export const noteContents = async (notes: Notes, id: string) => ({
  uri: `note://${id}`,
  mimeType: "text/markdown",
  text: await notes.markdown(id),
  _meta: { "offshoot/untrusted": true },
});

/** Ids for what somebody has typed: an id's beginning, or words of the note. */
export const completeId = (notes: Notes) => async (typed: string) => {
  const { notes: found } = /^n?[0-9]*$/.test(typed)
    ? await notes.list({ limit: 100 })
    : await notes.search({ query: typed });
  const ids = found.map(({ id }) => id);
  return /^n?[0-9]*$/.test(typed) ? ids.filter((id) => id.startsWith(typed) || id.slice(1).startsWith(typed)) : ids;
};

/** Another client may write at any time: a reader who does not subscribe is at most this far behind, in ms. */
const ttlMs = 10_000;

export const noteResources = (notes: Notes) => [
  defineResource({
    name: "note",
    title: "A note",
    description: "One note as Markdown, with title, tags and times in its front matter.",
    uri: "note://{id}",
    mimeType: "text/markdown",
    scopes: ["notes:read"],
    subscribe: true,
    ttlMs,
    list: async ({ cursor, limit }) => {
      const page = await notes.list({ limit: Math.min(limit, 100), cursor });
      const resources = page.notes.map(({ id, title, updated_at: lastModified }) => {
        return { uri: `note://${id}`, name: id, title, annotations: { lastModified } };
      });
      return { resources, ...(page.next_cursor !== undefined && { nextCursor: page.next_cursor }) };
    },
    complete: { id: completeId(notes) },
    async read({ id }) {
      if (!NoteId.safeParse(id).success)
        fail("There is no such note. Call list_notes to see the ids.", { code: "not_found" });
      return [await noteContents(notes, id)];
    },
  }),
  defineResource({
    name: "tags",
    title: "Tags",
    description: "The first hundred tags with the number of their notes, as JSON. list_tags has the rest.",
    uri: "notes://tags",
    mimeType: "application/json",
    scopes: ["notes:read"],
    subscribe: true,
    ttlMs,
    read: async () => JSON.stringify({ tags: (await notes.tags()).tags }),
  }),
  defineResource({
    name: "recent",
    title: "Recent changes",
    description: "The last twenty changes, the latest first, as JSON. recent_activity has the rest.",
    uri: "notes://recent",
    mimeType: "application/json",
    scopes: ["notes:read"],
    subscribe: true,
    ttlMs,
    read: async () => JSON.stringify({ activity: (await notes.activity()).activity }),
  }),
];
