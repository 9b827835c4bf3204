import { z } from "zod";
import { cutPage, decodeCursor } from "./cursor.ts";
import type { Desk } from "./desk.ts";
import { Cursor, pageOf } from "./list.ts";
import { idOf, limits, NoteId, parse } from "./note.ts";
import type { ActivityRow, NoteStore } from "./store/store.ts";

const ChangeType = z.enum(["created", "updated", "deleted", "restored"]).describe("What became of the note");

export const ActivityEntry = z.object({
  sequence: z.int().min(1).describe("Place in the order of all changes; grows with each"),
  at: z.iso.datetime().describe("When it happened by the server's clock (UTC)"),
  action: z.string().describe("The operation that made the change"),
  changes: z
    .array(z.object({ id: NoteId, type: ChangeType, version: z.int().min(1).describe("Version after the change") }))
    .describe(`Notes that changed, the first ${limits.bulk} of them`),
  changes_total: z.int().min(1).describe("How many notes changed"),
});
export type ActivityEntry = z.infer<typeof ActivityEntry>;

export const RecentActivity = z.object({ limit: pageOf(limits.page, 20), cursor: Cursor });

/** What happened, newest first. */
export async function recentActivity(desk: Desk, input: z.input<typeof RecentActivity> = {}) {
  const { limit, cursor } = parse(RecentActivity, input);
  const [before] = decodeCursor(desk, "activity", cursor) ?? [];
  const rows = await desk.store.activity({ ...(before !== undefined && { before: Number(before) }), limit: limit + 1 });
  const { page, ...next } = cutPage(desk, rows, limit, "activity", ({ seq }) => [seq, 0]);
  return { activity: page.map(toEntry), ...next };
}

const toEntry = ({ seq, at, action, changes }: ActivityRow): ActivityEntry => ({
  sequence: seq,
  at,
  action,
  changes: changes.slice(0, limits.bulk).map(({ type, number, version }) => ({ id: idOf(number), type, version })),
  changes_total: changes.length,
});

export interface NotesEvent {
  type: z.infer<typeof ChangeType>;
  id: string;
}

/** Tells listeners what changed, in the order of the changes, whichever process made them. */
export function createFeed(store: NoteStore) {
  const listeners = new Set<(event: NotesEvent) => void>();
  let seen: number | undefined;
  let unwatch: (() => void) | undefined;
  let reading: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  const tell = (event: NotesEvent) => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        // A listener that fails must not undo or hide a change that is on disk.
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  };

  async function findPlace(): Promise<void> {
    const { seq } = await store.head();
    seen ??= seq; // the first to find it has promised to tell what came after
  }

  async function catchUp(): Promise<void> {
    if (listeners.size === 0) return;
    if (seen === undefined) return findPlace();
    for (;;) {
      const rows = await store.activity({ after: seen, limit: 100 });
      for (const { seq, changes } of rows) {
        seen = seq;
        for (const { type, number } of changes) tell({ type, id: idOf(number) });
      }
      if (rows.length < 100) return;
    }
  }

  /**
   * Reads the changes since the last time. It never fails: what it cannot read now, it tells next time. Those who wake it
   * while it reads share the next reading: where changes come faster than they are read, a queue would grow for ever.
   */
  const wake = (): Promise<void> => {
    next ??= reading
      .then(() => {
        next = undefined;
        return catchUp();
      })
      .catch(() => {});
    reading = next;
    return next;
  };

  return {
    wake,
    /** Resolves when a change from now on will be told to those who listen already. */
    ready: async () => {
      if (listeners.size > 0 && seen === undefined) await reading;
    },
    /** Resolves when every later change, of any process, will be told to those who listen. @throws what the store throws */
    whenFollowed: async () => {
      if (seen === undefined) await findPlace();
    },
    /** Calls back for every change from now on, until the returned function is called. */
    onChange(listener: (event: NotesEvent) => void): () => void {
      listeners.add(listener);
      if (unwatch === undefined) {
        unwatch = store.watch(() => void wake());
        void wake(); // remembers where the changes stand
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        unwatch?.();
        unwatch = undefined;
        seen = undefined;
      };
    },
  };
}
