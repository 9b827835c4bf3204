import { lstatSync, renameSync, type Stats } from "node:fs";
import { type Ground, type Located, locate, moved, sameThing } from "../locate.ts";
import { locateIn } from "../open.ts";
import { stateName } from "../paths.ts";
import type { Place } from "../place.ts";
import type { Root } from "../roots.ts";
import { openState, type State } from "../state.ts";
import { removeTree } from "../writing/remove-tree.ts";
import { pendingEnd } from "../writing/temporary.ts";
import { type Change, idsIn, journalEnd, keptEnd, type Mark, newestEntry, timeOf } from "./journal.ts";
import { keepOld } from "./keep-old.ts";
import { isStray, sweepPending } from "./sweep.ts";

export const markOf = ({ dev, ino, size, mtimeMs }: Stats): Mark => ({ dev, ino, size, mtimeMs });
export const rootKey = ({ dev, ino }: Root): string => `${dev}:${ino}`;

export interface TrashOptions {
  keepMs: number;
  /** Most bytes of replaced and deleted files in one root; the oldest go first. */
  keepBytes: number;
}

export interface Kept {
  cancel(): void;
}

export type Trash = ReturnType<typeof createTrash>;

/** Keeps what changes replace and remove, and the journal of the changes. */
export function createTrash(ground: Ground, { keepMs, keepBytes }: TrashOptions) {
  // What is thrown away is not read.
  const anyKind: Ground = { ...ground, policy: { strictLinks: false, sameDevice: false } };
  let last = 0;
  const seen = new Set<Root>();
  /** Sortable by time, growing even where the clock goes back. */
  const nextId = (root: Root, state: State): string => {
    // Once: with years of changes a look at all of them for each would be slow.
    if (!seen.has(root)) last = Math.max(last, timeOf(idsIn(state).at(-1) ?? "") ?? 0);
    seen.add(root);
    last = Math.max(Date.now(), last + 1);
    return `${last.toString(36).padStart(9, "0")}-${process.pid}`;
  };
  const totals = new Map<Root, number>();

  const withState = <Result>(root: Root, work: (state: State) => Result): Result | undefined => {
    const state = openState(root, { make: true });
    if (state === undefined) return undefined;
    try {
      return work(state);
    } finally {
      state.close();
    }
  };

  /** Every kept thing with its size, the oldest first. */
  const keptIn = (state: State) =>
    state
      .names()
      .filter((name) => name.endsWith(keptEnd))
      .sort()
      .map((name) => ({
        id: name.slice(0, -keptEnd.length),
        size: lstatSync(state.at(name), { throwIfNoEntry: false })?.size ?? 0,
      }));

  const drop = (root: Root, state: State, id: string) => {
    const folder = stateFolder(anyKind, root);
    try {
      removeTree(anyKind, folder, id + keptEnd);
    } finally {
      folder.close();
    }
    state.drop(id + journalEnd);
  };

  const makeRoom = (root: Root, state: State, added: string, size: number) => {
    const known = totals.get(root);
    if (known !== undefined && known + size <= keepBytes) {
      totals.set(root, known + size);
      return;
    }
    const kept = keptIn(state);
    let left = kept.reduce((sum, one) => sum + one.size, 0);
    for (const { id, size } of kept) {
      if (left <= keepBytes) break;
      if (id === added) continue; // what goes now must be there for undo, however large
      drop(root, state, id);
      left -= size;
    }
    totals.set(root, left);
  };

  return {
    /**
     * Writes down a change that is about to happen, and keeps what it replaces: `link` leaves the old file where it is
     * until the new one takes its name, `move` takes it away. Undefined where the root takes no new entries.
     */
    async keep(place: Place, change: Change, how: "link" | "move" | "none"): Promise<Kept | undefined> {
      const { root } = place.folder;
      const state = openState(root, { make: true });
      if (state === undefined) return undefined;
      try {
        const id = nextId(root, state);
        const kept = state.at(id + keptEnd);
        state.put(id + journalEnd, JSON.stringify(change));
        try {
          if (how === "move") renameSync(place.at, kept);
          if (how === "link") await keepOld(place, kept, ground.policy.strictLinks);
          const put = how === "none" ? undefined : lstatSync(kept);
          if (put && place.existing && !sameThing(put, place.existing)) {
            // Somebody exchanged it in this moment: back, unless its name is taken again.
            if (how === "link" && put.isSymbolicLink()) throw moved(place.given);
            if (how === "move" && !lstatSync(place.at, { throwIfNoEntry: false })) {
              renameSync(kept, place.at);
              throw moved(place.given);
            }
          }
          if (put) makeRoom(root, state, id, put.size);
        } catch (error) {
          drop(root, state, id);
          throw error;
        }
        return { cancel: () => void withState(root, (again) => drop(root, again, id)) };
      } finally {
        state.close();
      }
    },

    /** The newest change in any root, or undefined. */
    newest(): { root: Root; id: string; change: Change } | undefined {
      let found: { root: Root; id: string; change: Change } | undefined;
      for (const root of ground.roots) {
        const state = openState(root, { make: false });
        const newest = state && newestEntry(state);
        state?.close();
        if (newest !== undefined && (found === undefined || found.id < newest.id)) found = { root, ...newest };
      }
      return found;
    },

    /** The path of what was kept of a change, for taking it back by a rename; undefined where it has gone. */
    useKept<Result>(root: Root, id: string, work: (at: string) => Result): Result | undefined {
      return withState(root, (state) => {
        const at = state.at(id + keptEnd);
        return lstatSync(at, { throwIfNoEntry: false }) === undefined ? undefined : work(at);
      });
    },

    forget: (root: Root, id: string) => void withState(root, (state) => drop(root, state, id)),

    /** Undo will not come to it again; what it kept stays until it is swept. */
    passOver: (root: Root, id: string) => void withState(root, (state) => state.drop(id + journalEnd)),

    /** Moves what an undone change had made out of the way, into the trash without a journal. */
    discard: (place: Place) =>
      void withState(place.folder.root, (state) =>
        renameSync(place.at, state.at(nextId(place.folder.root, state) + keptEnd)),
      ),

    /** Removes what is older than is kept, and what processes that ended left half done. */
    sweep() {
      for (const root of ground.roots) {
        const state = openState(root, { make: false });
        if (state === undefined) continue;
        try {
          for (const name of state.names()) {
            const [id = ""] = name.split(".");
            if (isStray(name)) state.drop(name);
            else if (name.endsWith(pendingEnd)) sweepPending(anyKind, root, state, name);
            else if (Date.now() - (timeOf(id) ?? Number.NaN) > keepMs) drop(root, state, id);
          }
        } catch (error) {
          // The server can do without; the next start tries again.
          process.emitWarning(error instanceof Error ? error : String(error));
        } finally {
          state.close();
        }
      }
    },
  };
}

/** Reserved for callers' paths, so it is opened by its name in the root. */
function stateFolder(ground: Ground, root: Root): Located {
  const folder = locate(ground, root, [], "");
  try {
    return locateIn(ground, folder, stateName, "");
  } finally {
    folder.close();
  }
}
