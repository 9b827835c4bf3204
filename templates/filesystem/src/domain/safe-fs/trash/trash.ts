import { closeSync, fstatSync, lstatSync, openSync, renameSync, type Stats } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Entry, markOf, rootKey } from "../journal/entry.ts";
import type { Journal } from "../journal/journal.ts";
import { type Ground, type Located, locate } from "../locate.ts";
import { listEntries } from "../open.ts";
import { isReserved, temporaryPrefix } from "../paths.ts";
import { findEntry, type Place } from "../place.ts";
import type { Root } from "../roots.ts";
import { measureTree } from "../writing/measure-tree.ts";
import { standingAt, writeFully } from "../writing/on-disk.ts";
import { removeTree } from "../writing/remove-tree.ts";
import { keepOld } from "./keep-old.ts";
import { anyKind, openTrash } from "./trash-folder.ts";

export interface TrashOptions {
  keepMs: number;
  /** Most bytes in the trash of one root; the oldest go first. */
  keepBytes: number;
}

/** A thing in the trash. */
type Kept = Pick<Place, "at" | "existing">;

export type Trash = ReturnType<typeof createTrash>;

/** Keeps what changes replace and remove, under the names that the journal gives them. */
export function createTrash(ground: Ground, journal: Journal, { keepMs, keepBytes }: TrashOptions) {
  const rootOf = ({ change }: Entry): Root | undefined => ground.roots.find((root) => rootKey(root) === change.at.root);

  /** Works with the trash of an entry's root. Undefined where there is none. */
  const using = async <Result>(
    entry: Entry,
    make: boolean,
    work: (at: string, folder: Located) => Result | Promise<Result>,
  ): Promise<Result | undefined> => {
    const root = rootOf(entry);
    if (root === undefined) return undefined;
    const folder = openTrash(ground, journal, root, { make });
    if (folder === undefined) return undefined;
    try {
      folder.verify();
      return await work(`${folder.at}/${entry.id}`, folder);
    } finally {
      folder.close();
    }
  };

  const remove = async (entry: Entry, signal?: AbortSignal) =>
    void (await using(entry, false, (_at, folder) => removeTree(ground, folder, entry.id, signal)));

  const isUnfinished = (name: string) =>
    name.startsWith(temporaryPrefix) && journal.isKnown(name.slice(temporaryPrefix.length));

  const forget = async (entry: Entry, signal?: AbortSignal) => {
    await remove(entry, signal);
    journal.drop(entry);
  };

  const unknownIn = (root: Root): string[] => {
    const above = locate(anyKind(ground), root, [], "");
    const names = (folder: Located) => listEntries(folder, { all: true }).map(({ name }) => name);
    let trash: Located | undefined;
    try {
      // Names first: another server writes down what it makes before it makes it.
      const reserved = names(above).filter(isReserved);
      trash = openTrash(ground, journal, root, { make: false });
      const own = trash?.relative.at(-1);
      const beside = reserved.filter((name) => name !== own && !isUnfinished(name));
      const inside = trash ? names(trash).filter((name) => name !== ".gitignore" && !journal.isKnown(name)) : [];
      return [...beside, ...inside.map((name) => `${own}/${name}`)];
    } finally {
      trash?.close();
      above.close();
    }
  };

  return {
    /** Keeps what stands at a place, which stays there until it is replaced. Nothing is done where the root takes no trash. */
    async keep(entry: Entry, place: Place): Promise<void> {
      const kept = await using(entry, true, (at) => keepOld(place, at, ground.policy.strictLinks));
      if (kept === undefined) return;
      entry.change.kept = markOf(kept);
      entry.bytes = bytesIn(kept);
    },

    /** Takes away what stands at a place. Gives what it was; undefined where the root takes no trash. */
    take: (entry: Entry, place: Place): Promise<Stats | undefined> =>
      using(entry, true, (at) => {
        renameSync(place.at, at);
        const taken = lstatSync(at);
        entry.bytes = bytesIn(taken);
        return taken;
      }),

    /** Keeps bytes of a change that are no file of the user's. */
    async keepBytes(entry: Entry, bytes: Uint8Array): Promise<void> {
      entry.change.kept = await using(entry, true, async (at) => {
        const fd = openSync(at, "wx", 0o600);
        try {
          await writeFully(fd, bytes, 0);
          entry.bytes = bytes.byteLength;
          return markOf(fstatSync(fd));
        } finally {
          closeSync(fd);
        }
      });
    },

    /** What was kept of a change, as bytes. */
    bytesOf: (entry: Entry): Promise<Uint8Array | undefined> =>
      using(entry, false, (at) => {
        const existing = standingAt({ at });
        return existing && entry.change.kept && sameInode(existing, entry.change.kept) ? readFile(at) : undefined;
      }),

    /** What was kept, as long as it is the very thing; to be taken back by a rename. */
    useKept: <Result>(entry: Entry, work: (kept: Kept) => Result | Promise<Result>): Promise<Result | undefined> =>
      using(entry, false, (at) => {
        const existing = standingAt({ at });
        return entry.change.kept === undefined || sameInode(existing, entry.change.kept)
          ? work({ at, existing })
          : undefined;
      }),

    remove,
    forget,

    /** How much lies in the trash because of a change. */
    async sizeOf(entry: Entry): Promise<number> {
      const size = await using(entry, false, (_at, folder) => measureTree(ground, folder, entry.id));
      return size === undefined ? 0 : size.bytes + size.others * entryBytes;
    },

    /** Forgets the oldest while there is more than is kept, but not the newest change: it must be there for undo. */
    async makeRoom(entry: Entry): Promise<void> {
      const { root } = entry.change.at;
      let left = journal.keptBytes(root);
      while (left > keepBytes) {
        const oldest = journal.oldestKept(root);
        if (oldest === undefined || oldest.entry.seq >= entry.seq) return;
        await forget(oldest.entry);
        left -= oldest.bytes;
      }
    },

    /** Forgets what is older than is kept. */
    async sweep(signal: AbortSignal): Promise<void> {
      for (const root of ground.roots) {
        if (root.readOnly) continue;
        for (const entry of journal.before(rootKey(root), Date.now() - keepMs)) await forget(entry, signal);
      }
    },

    /** What stands in a root under the server's own names and is not known to the journal: it came with the folder. */
    strangers(root: Root): string[] {
      const found = unknownIn(root);
      // What another server has just ended is known no more, and gone by now.
      return found.length === 0 ? found : unknownIn(root).filter((name) => found.includes(name));
    },

    /** The trash of this process ends with it. */
    async end(): Promise<void> {
      for (const root of ground.roots) {
        const name = journal.trashOf(rootKey(root), { make: false });
        if (name === undefined) continue;
        const above = locate(anyKind(ground), root, [], "");
        try {
          // Files that share a root share its trash, and the first to end has removed it.
          if (findEntry(above, name).existing !== undefined) await removeTree(ground, above, name);
        } finally {
          above.close();
        }
      }
    },
  };
}

/** What a folder or a link takes on most disks. */
const entryBytes = 4_096;

/** Undefined of a folder, which has to be measured. */
const bytesIn = (found: Stats): number | undefined =>
  found.isFile() ? found.size : found.isDirectory() ? undefined : entryBytes;

const sameInode = (found: Stats | undefined, { dev, ino }: { dev: number; ino: number }): boolean =>
  found !== undefined && found.dev === dev && found.ino === ino;
