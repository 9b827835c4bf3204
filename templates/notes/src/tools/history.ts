import { defineTool } from "@offshoot/core";
import { z } from "zod";
import { ListRevisions, RevisionSummary } from "../domain/history.ts";
import { NextCursor } from "../domain/list.ts";
import { limits, NoteId, NoteSummary } from "../domain/note.ts";
import type { NotesOf } from "../owner.ts";
import { revisionsView } from "../views.ts";
import { marked, reads, untrusted, writes } from "./shared.ts";

const Version = z.int().min(1);

/** What diff_revisions takes and answers; its view is typed by it, too. */
export const DiffRevisions = {
  input: z.object({
    id: NoteId,
    from: Version.describe("Version to compare from, usually the older"),
    to: Version.describe("Version to compare to"),
  }),
  output: z.object({
    diff: z.string().describe("Unified diff, empty where the versions are equal"),
    ...untrusted,
  }),
};

export const historyTools = (notesOf: NotesOf) => [
  defineTool({
    name: "list_revisions",
    title: "List a note's versions",
    description: `List the versions of a note, newest first; also of one in the trash. The first and the latest ${limits.revisions} are kept. Read one with get_note.`,
    inputSchema: ListRevisions,
    outputSchema: z.object({
      revisions: z.array(RevisionSummary).describe("Versions of this page"),
      next_cursor: NextCursor,
      ...untrusted,
    }),
    ...reads,
    handler: async (input, call) => marked(await (await notesOf(call)).revisions(input)),
  }),
  defineTool({
    name: "diff_revisions",
    title: "Compare two versions",
    description: "Show what changed in a note between two versions, as a unified diff of title, tags and body.",
    inputSchema: DiffRevisions.input,
    outputSchema: DiffRevisions.output,
    view: revisionsView,
    ...reads,
    handler: async ({ id, from, to }, call) => marked({ diff: await (await notesOf(call)).diff(id, from, to) }),
  }),
  defineTool({
    name: "restore_revision",
    title: "Restore a version",
    description: "Write an earlier version of a note again, as a new version. The present one is kept like any other.",
    inputSchema: z.object({
      id: NoteId,
      version: Version.describe("Version to restore, from list_revisions"),
      if_version: Version.optional().describe("Restore only if the note is still at this version"),
    }),
    outputSchema: NoteSummary,
    ...writes,
    handler: async ({ id, version, if_version: ifVersion }, call) =>
      (await notesOf(call)).restoreRevision(id, version, { ifVersion, signal: call.signal }),
  }),
];
