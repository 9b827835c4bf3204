import { type CallContext, defineResource, fail } from "@offshoot/core";
import { NoteId } from "./domain/note.ts";
import type { Notes } from "./domain/notes.ts";
import type { NotesOf } from "./owner.ts";

/** A note as resource contents. Clients are told that its text is content, never an instruction. */
export const noteContents = async (notes: Notes, id: string) => ({
  uri: `note://${id}`,
  mimeType: "text/markdown",
  text: await notes.markdown(id),
  _meta: { "offshoot/untrusted": true },
});

/** Ids for what has been typed: an id's beginning, or words of the note. */
export const completeId = (notesOf: NotesOf) => async (typed: string, call: CallContext) => {
  const notes = await notesOf(call);
  const { notes: found } = /^n?[0-9]*$/.test(typed)
    ? await notes.list({ limit: 100 })
    : await notes.search({ query: typed });
  const ids = found.map(({ id }) => id);
  return /^n?[0-9]*$/.test(typed) ? ids.filter((id) => id.startsWith(typed) || id.slice(1).startsWith(typed)) : ids;
};

/** Base64 makes a third more of it, and the whole is one message. */
const largestBlob = 3_000_000;

const attachmentUri = (path: string): string => `attachment://${path.split("/").map(encodeURIComponent).join("/")}`;

const mimeTypes: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
  pdf: "application/pdf",
  mp3: "audio/mpeg",
  wav: "audio/wav",
  mp4: "video/mp4",
  csv: "text/csv",
  txt: "text/plain",
  json: "application/json",
  canvas: "application/json",
};

const mimeTypeOf = (path: string): string =>
  mimeTypes[path.slice(path.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";

/** Another client may write at any time: a reader who does not subscribe is at most this far behind, in ms. */
const ttlMs = 10_000;

export const noteResources = (notesOf: NotesOf) => [
  defineResource({
    name: "note",
    title: "A note",
    description: "One note as Markdown, with title, tags and times in its front matter.",
    uri: "note://{id}",
    mimeType: "text/markdown",
    scopes: ["notes:read"],
    subscribe: true,
    ttlMs,
    list: async ({ cursor, limit }, call) => {
      const page = await (await notesOf(call)).list({ limit: Math.min(limit, 100), cursor });
      const resources = page.notes.map(({ id, title, updated_at: lastModified }) => {
        return { uri: `note://${id}`, name: id, title, annotations: { lastModified } };
      });
      return { resources, ...(page.next_cursor !== undefined && { nextCursor: page.next_cursor }) };
    },
    complete: { id: completeId(notesOf) },
    async read({ id }, call) {
      if (!NoteId.safeParse(id).success)
        fail("There is no such note. Call list_notes to see the ids.", { code: "not_found" });
      return [await noteContents(await notesOf(call), id)];
    },
  }),
  defineResource({
    name: "attachment",
    title: "An attachment",
    description: "A file that was imported beside the notes, such as a picture, by its path.",
    uri: "attachment://{+path}",
    scopes: ["notes:read"],
    list: async ({ cursor, limit }, call) => {
      const page = await (await notesOf(call)).attachments({ limit: Math.min(limit, 100), cursor });
      const resources = page.attachments.map(({ path, size, updated_at: lastModified }) => {
        const annotations = { lastModified };
        return { uri: attachmentUri(path), name: path, mimeType: mimeTypeOf(path), size, annotations };
      });
      return { resources, ...(page.next_cursor !== undefined && { nextCursor: page.next_cursor }) };
    },
    async read({ path }, call) {
      const { bytes } = await (await notesOf(call)).attachment(path);
      if (bytes.length > largestBlob)
        fail(`This file has ${bytes.length} bytes, too many to read here. export_notes writes it to a folder.`, {
          code: "quota",
        });
      return [
        {
          uri: attachmentUri(path),
          mimeType: mimeTypeOf(path),
          blob: bytes.toString("base64"),
          _meta: { "offshoot/untrusted": true },
        },
      ];
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
    read: async (_, call) => JSON.stringify({ tags: (await (await notesOf(call)).tags()).tags }),
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
    read: async (_, call) => JSON.stringify({ activity: (await (await notesOf(call)).activity()).activity }),
  }),
];
