import { join } from "node:path";
import type { z } from "zod";
import { createFeed, type NotesEvent, type RecentActivity, recentActivity } from "./activity.ts";
import { type ListAttachments, listAttachments, readAttachment } from "./attachments.ts";
import { createAll, type Draft } from "./create.ts";
import { type DailyNote, dailyNote } from "./daily.ts";
import { type Desk, findLive, toNote } from "./desk.ts";
import { NotesError } from "./errors.ts";
import { exportFolder, sweepExports } from "./export.ts";
import type { LongTask } from "./folder.ts";
import { type ListFolders, listFolders, moveFolder } from "./folders.ts";
import { backlinks, brokenLinks, orphans, outgoingLinks, type Paging } from "./graph.ts";
import { contentAt, diffRevisions, getNote, type ListRevisions, listRevisions } from "./history.ts";
import { type ImportOptions, importFolder } from "./import.ts";
import { inFile, withFields } from "./in-file.ts";
import { type Asking, keyRow } from "./keys.ts";
import { type ListNotes, listNotes, type SearchNotes, searchNotes } from "./list.ts";
import { Folder, limits, type NewNote, type Note, parse } from "./note.ts";
import { ownerFolder } from "./owner-folder.ts";
import { type OwnedNotes, withOwners } from "./owners.ts";
import { revise, trash, untrash } from "./revise.ts";
import { createMemoryStore } from "./store/memory.ts";
import { openSqliteStore } from "./store/open.ts";
import type { NoteRow, NoteStore, Waiting } from "./store/store.ts";
import { type ListTags, listTags, renameTag } from "./tags.ts";
import { applyEdit, Edit } from "./text/edits.ts";
import { toMarkdown } from "./text/to-markdown.ts";

export interface NotesOptions {
  /** The folder below which import and export work. Without it both are refused. */
  exchange?: string;
  /** Live notes there may be. The store must have been opened with the same. @default 1,000,000 */
  most?: number | undefined;
  /** @default the system's clock */
  now?: () => Date;
}

export interface UpdateNote {
  id: string;
  title?: string | undefined;
  body?: string | undefined;
  tags?: string[] | undefined;
  /** Front matter to set, each value as in YAML; null takes a field away. */
  fields?: Record<string, string | null> | undefined;
  folder?: string | undefined;
  if_version?: number | undefined;
}

export type EditNote = Edit & {
  id: string;
  if_version?: number | undefined;
  idempotency_key?: string | undefined;
};

/** Who asks for a change: each caller has idempotency keys of its own. */
type Asked = Omit<Asking, "key">;

/** Everything that can be done with notes. What is refused is a NotesError; what has resolved is on disk. */
export type Notes = ReturnType<typeof createNotesIn>;

/** The notes of a store and of every owner in it. */
export function createNotes(store: NoteStore, options: NotesOptions = {}): OwnedNotes {
  return withOwners(createNotesIn(store, "", options), async (owner) => {
    const exchange = options.exchange && join(options.exchange, ownerFolder(owner));
    if (exchange !== undefined) void sweepExports(exchange);
    return createNotesIn(await store.of(owner), owner, { ...options, ...(exchange !== undefined && { exchange }) });
  });
}

function createNotesIn(store: NoteStore, owner: string, options: NotesOptions) {
  const { exchange, most = limits.notes, now = () => new Date() } = options;
  const desk: Desk = { store, owner, most, now: () => now().toISOString() };
  const feed = createFeed(store);

  /** Listeners hear of a change before its caller does. */
  const told = async <Result>(change: () => Promise<Result>): Promise<Result> => {
    await feed.ready();
    const result = await change().catch((error) => {
      void feed.wake(); // an import that was stopped has made notes
      throw error;
    });
    await feed.wake();
    return result;
  };

  return {
    async create({ idempotency_key: key, ...draft }: Draft & { idempotency_key?: string | undefined }, asking?: Asked) {
      const options = { action: "create_note", key, ...asking };
      const [created] = await told(() => createAll(desk, [draft], options));
      if (created && "note" in created) return created.note;
      throw created?.error ?? new Error("a draft without a result");
    },
    /** One result for each draft, in their order. */
    async createMany(drafts: NewNote[], asking: Asking = {}) {
      if (drafts.length > limits.bulk) throw new NotesError("quota", `notes: at most ${limits.bulk} in one call.`);
      return told(() => createAll(desk, drafts, { action: "create_notes", ...asking }));
    },
    get: (id: string, version?: number): Promise<Note> => getNote(desk, id, version),
    list: (input?: z.input<typeof ListNotes>, waiting?: Waiting) => listNotes(desk, input, waiting),
    search: (input: z.input<typeof SearchNotes>, waiting?: Waiting) => searchNotes(desk, input, waiting),
    async update({ id, if_version: ifVersion, fields, ...given }: UpdateNote, waiting?: Waiting) {
      const { title, body, tags, folder } = given;
      if ([title, body, tags, folder, fields].every((one) => one === undefined)) {
        throw new NotesError("invalid", "Nothing to change. Give a title, a body or tags, fields or a folder.");
      }
      const change = async (row: NoteRow) => {
        const moved = folder === undefined ? row.folder : parse(Folder, folder);
        const front = fields === undefined ? row.front : await withFields(row, fields);
        const content = { title: title ?? row.title, body: body ?? row.body, tags: tags ?? row.tags, folder: moved };
        return { ...(await inFile({ ...row, front }, content)) };
      };
      return told(() => revise(desk, id, change, { action: "update_note", ifVersion, ...waiting }));
    },
    async edit({ id, if_version: ifVersion, idempotency_key, ...edit }: EditNote, { by, ...waiting }: Asked = {}) {
      const parsed = parse(Edit, edit);
      const key = keyRow(desk, "edit_note", { key: idempotency_key, by }, [id, ifVersion, parsed]);
      const change = async ({ body }: NoteRow) => ({ body: await applyEdit(body, parsed) });
      return told(() => revise(desk, id, change, { action: "edit_note", ifVersion, key, ...waiting }));
    },
    /** To the trash, from where restore brings it back. */
    async remove(id: string, waiting?: Waiting): Promise<Note & { deleted_at: string }> {
      const row = await told(() => trash(desk, id, waiting));
      return { ...toNote(row), deleted_at: String(row.deleted_at) };
    },
    async restore(id: string, waiting?: Waiting): Promise<Note> {
      return toNote(await told(() => untrash(desk, id, waiting)));
    },
    revisions: (input: z.input<typeof ListRevisions>) => listRevisions(desk, input),
    diff: (id: string, from: number, to: number) => diffRevisions(desk, id, from, to),
    /** Writes an earlier version again, as a new one. */
    async restoreRevision(id: string, version: number, options: Waiting & { ifVersion?: number | undefined } = {}) {
      const action = "restore_revision";
      const change = async (row: NoteRow) => {
        const { title, body, tags, front } = await contentAt(desk, row, version);
        return { title, body, tags, front };
      };
      return told(() => revise(desk, id, change, { action, ...options }));
    },
    tags: (input?: z.input<typeof ListTags>) => listTags(desk, input),
    async renameTag(from: string, to: string, waiting?: Waiting): Promise<number> {
      return told(() => renameTag(desk, from, to, waiting));
    },
    folders: (input?: z.input<typeof ListFolders>) => listFolders(desk, input),
    async moveFolder(from: string, to: string, waiting?: Waiting): Promise<number> {
      return told(() => moveFolder(desk, from, to, waiting));
    },
    /** The note of a day, made where there is none, with a text added at its end where one is given. */
    async daily(input: DailyNote, asked: Asked = {}): Promise<Note> {
      return told(() => dailyNote(desk, input, asked));
    },
    outgoingLinks: (id: string, paging?: z.input<typeof Paging>) => outgoingLinks(desk, id, paging),
    backlinks: (id: string, paging?: z.input<typeof Paging>) => backlinks(desk, id, paging),
    orphans: (paging?: z.input<typeof Paging>, waiting?: Waiting) => orphans(desk, paging, waiting),
    brokenLinks: (paging?: z.input<typeof Paging>, waiting?: Waiting) => brokenLinks(desk, paging, waiting),
    async importFolder(name: string, options?: ImportOptions) {
      return told(() => importFolder(desk, exchange, name, options));
    },
    exportFolder: (name: string, task?: LongTask) => exportFolder(desk, exchange, name, task),
    attachments: (input?: z.input<typeof ListAttachments>) => listAttachments(desk, input),
    attachment: (path: string) => readAttachment(desk, path),
    /** A note as the Markdown file that an export would write. */
    async markdown(id: string): Promise<string> {
      return toMarkdown({ ...(await findLive(desk, id)), id });
    },
    activity: (input?: z.input<typeof RecentActivity>) => recentActivity(desk, input),
    onChange: (listener: (event: NotesEvent) => void): (() => void) => feed.onChange(listener),
    whenFollowed: (): Promise<void> => feed.whenFollowed(),
    /** Why the notes cannot be written; undefined where they can. */
    problem: () => store.problem(),
    close: () => store.close(),
  };
}

export type OpenNotes = NotesOptions &
  ({ store: "memory" } | { store: "sqlite"; data: string } | { store: "postgres"; databaseUrl: string });

/** Opens the notes of a folder or of a database, or an empty memory. */
export async function openNotes({ exchange, now, most, ...where }: OpenNotes): Promise<OwnedNotes> {
  const options = most === undefined ? {} : { most };
  const store = await openStore(where, options);
  if (exchange !== undefined) void sweepExports(exchange);
  return createNotes(store, { ...options, ...(exchange !== undefined && { exchange }), ...(now && { now }) });
}

async function openStore(where: OpenNotes, options: { most?: number }): Promise<NoteStore> {
  if (where.store === "memory") return createMemoryStore(options);
  if (where.store === "sqlite") return openSqliteStore(where.data, options);
  const { openPostgresStore } = await import("./store/postgres/open.ts");
  return openPostgresStore(where.databaseUrl, options);
}
