import type { NotesEvent } from "./activity.ts";
import { NotesError } from "./errors.ts";
import type { Notes } from "./notes.ts";

type Listener = (event: NotesEvent, owner: string) => void;

/** Common notes, and those of each owner apart. */
export type OwnedNotes = Omit<Notes, "onChange"> & {
  /** The notes of an owner, who sees no other's. Those of "" are the common ones. */
  of(owner: string): Promise<Notes>;
  /** Calls back for every change of every owner from now on, until the returned function is called. */
  onChange(listener: Listener): () => void;
  /**
   * Resolves when listeners will be told of every later change of an owner's notes, whichever process makes it, until the
   * returned function is called.
   */
  follow(owner: string): Promise<() => void>;
};

/** Longer than any call takes, in milliseconds. An owner's notes that nobody has asked for since are closed. */
const unusedMs = 900_000;

/** In UTF-8 all of the first kind are the same character, so that callers would share notes; Postgres keeps no zero. */
const unkept = /[\p{Cs}\0]/u;

interface Opened {
  notes: Promise<Notes>;
  usedAt: number;
  followers: number;
}

/** Puts the notes of each owner beside the common ones, opened when they are asked for. */
export function withOwners(common: Notes, open: (owner: string) => Promise<Notes>): OwnedNotes {
  const owners = new Map<string, Opened>();
  const listeners = new Set<Listener>();
  const closing = new Map<string, Promise<void>>();

  const openFor = async (owner: string): Promise<Notes> => {
    // To look at the files of a database, and close them, drops the locks that this process has on them.
    await closing.get(owner);
    const notes = await open(owner);
    const stop = notes.onChange((event) => {
      for (const listener of listeners) listener(event, owner);
    });
    const close = async () => {
      stop();
      await notes.close();
    };
    return { ...notes, close };
  };
  const whereOpen = <Result>({ notes }: Pick<Opened, "notes">, then: (notes: Notes) => Promise<Result>) =>
    notes.then(then, () => undefined);

  function closeUnused(now: number): void {
    for (const [owner, opened] of owners) {
      if (opened.usedAt > now - unusedMs) return; // the longest unused comes first
      if (opened.followers > 0) continue;
      owners.delete(owner);
      const closed = whereOpen(opened, (notes) => notes.close()).finally(() => closing.delete(owner));
      closing.set(owner, closed);
    }
  }

  /** An owner's notes, now the last used. */
  function use(owner: string): Opened {
    if (unkept.test(owner))
      throw new NotesError("refused", "The id of this caller holds characters that no store can keep. Tell the user.");
    const usedAt = performance.now();
    const opened = owners.get(owner) ?? { notes: openFor(owner), usedAt, followers: 0 };
    opened.usedAt = usedAt;
    owners.delete(owner);
    owners.set(owner, opened);
    closeUnused(usedAt);
    opened.notes.catch(() => {
      if (owners.get(owner) === opened) owners.delete(owner); // the next call tries again
    });
    return opened;
  }

  return {
    ...common,
    async of(owner) {
      if (owner === "") return common;
      return use(owner).notes;
    },
    async follow(owner) {
      if (owner === "") {
        await common.whenFollowed();
        return () => {};
      }
      const opened = use(owner);
      opened.followers += 1;
      const leave = () => {
        opened.followers -= 1;
      };
      try {
        await (await opened.notes).whenFollowed();
      } catch (error) {
        leave();
        throw error;
      }
      return leave;
    },
    onChange(listener) {
      listeners.add(listener);
      const stop = common.onChange((event) => listener(event, ""));
      return () => {
        listeners.delete(listener);
        stop();
      };
    },
    async problem() {
      for (const opened of [{ notes: Promise.resolve(common) }, ...owners.values()]) {
        const problem = await whereOpen(opened, (notes) => notes.problem());
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
    async close() {
      await Promise.all([...owners.values()].map((opened) => whereOpen(opened, (notes) => notes.close())));
      await common.close();
    },
  };
}
