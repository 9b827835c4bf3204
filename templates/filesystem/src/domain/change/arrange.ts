/** Changes of what is where: folders made, things moved and removed. */

import { FilesError } from "../errors.ts";
import type { MoveOptions, Precondition, Removed, Waiting } from "../files.ts";
import { markOf } from "../safe-fs/journal/entry.ts";
import { moveError, refuseKept, sameThing } from "../safe-fs/locate.ts";
import { refuseMisleading } from "../safe-fs/names.ts";
import { typeOf } from "../safe-fs/open.ts";
import { reservedError } from "../safe-fs/paths.ts";
import { isRoot, openPlace, type Place, writableFile } from "../safe-fs/place.ts";
import { explain, missing, showPath } from "../safe-fs/refusals.ts";
import { findMissing, isSameEntry, rename } from "../safe-fs/writing/folders.ts";
import { measureTree } from "../safe-fs/writing/measure-tree.ts";
import { syncFolder } from "../safe-fs/writing/on-disk.ts";
import { makeTree, type Tree } from "../safe-fs/writing/tree.ts";
import { atPlace, atPlaces, type Desk, openBoth, refuseStale } from "./desk.ts";
import { temporaryOf } from "./take-back.ts";
import { spotOf, withJournal } from "./with-journal.ts";

export async function createDirectory(
  desk: Desk,
  path: string,
  { signal }: Waiting = {},
): Promise<{ created: boolean }> {
  signal?.throwIfAborted();
  let inner: string[] = [];
  const open = () => {
    const missingOnes = findMissing(desk.ground, path);
    if (missingOnes === undefined) throw new AllThere();
    inner = missingOnes.inner;
    return [missingOnes.place];
  };
  const make = async ([place]: Place[]) => {
    const { folder, name, existing } = place as Place;
    if (existing)
      throw new FilesError("exists", `${showPath(path)} exists already, and is no folder. Choose another name.`);
    for (const one of [name, ...inner]) refuseMisleading(one, path);
    refuseKept(desk.ground, folder.root, [...folder.relative, name, ...inner], path);
    const { journal } = await desk.book();
    const change = { action: "createDirectory" as const, path, at: spotOf(place as Place), folders: inner };
    await withJournal(desk, change, [place as Place], async (entry) => {
      const fill = async (tree: Tree) => {
        const made = [tree];
        try {
          for (const one of inner) made.push((made.at(-1) as Tree).folder(one));
          for (const one of made.slice(1).reverse()) await one.finish(0o777 & ~process.umask());
        } finally {
          for (const one of made.slice(1)) one.close();
        }
      };
      await makeTree(desk.ground, place as Place, temporaryOf(entry), fill, (made) => {
        entry.change.made = made;
        journal.save(entry);
      });
    });
    const all = [name, ...inner];
    for (const [depth, one] of all.entries())
      desk.tell("created", { ...folder, relative: [...folder.relative, ...all.slice(0, depth)] }, one);
    return { created: true };
  };
  try {
    return await atPlaces(desk, open, make, signal);
  } catch (error) {
    if (error instanceof AllThere) return { created: false };
    throw error;
  }
}

/** Another process has made it by now. */
class AllThere extends Error {}

export async function move(
  desk: Desk,
  source: string,
  destination: string,
  { overwrite = false, signal }: MoveOptions = {},
): Promise<void> {
  const open = () =>
    openBoth(
      () => openPlace(desk.ground, source, { follow: false }),
      () => openPlace(desk.ground, destination, { follow: false }),
    );
  const work = async (places: Place[]) => {
    const [from, to] = places as [Place, Place];
    const moving = from.existing;
    if (moving === undefined) throw missing(source);
    refuseRoots(desk, from);
    if (from.key === to.key)
      throw new FilesError("invalid", `${showPath(source)} is there already. Give another destination.`);
    if (`${to.key}/`.startsWith(`${from.key}/`)) throw intoItself(source);
    if (moving.isDirectory()) refuseToUncover(desk, from, to);
    const replaced = isSameEntry(from, to) ? undefined : to.existing;
    if (replaced) refuseReplacing(desk, to, moving.isDirectory(), overwrite);
    else refuseMisleading(to.name, destination);
    signal?.throwIfAborted();
    const change = {
      action: "move" as const,
      path: source,
      destination,
      at: spotOf(to),
      from: spotOf(from),
      made: markOf(moving),
      ...(replaced && { before: markOf(replaced) }),
    };
    const { journal, trash } = await desk.book();
    const rearrange = () =>
      withJournal(desk, change, [to, from], async (entry) => {
        if (replaced) {
          await trash.keep(entry, to);
          journal.save(entry);
        }
        try {
          await rename(from, to);
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          throw explain(error, code === "EEXIST" || code === "ENOTEMPTY" ? destination : source);
        }
      });
    const { root } = to.folder;
    if (desk.quota.isOff || root === from.folder.root) await rearrange();
    else {
      const size = await measureTree(desk.ground, from.folder, from.name);
      const added = { bytes: size.bytes - (replaced?.size ?? 0), files: size.files - (replaced ? 1 : 0) };
      await desk.quota.reserving(root, added, signal, rearrange);
      desk.quota.forget(from.folder.root);
    }
    desk.tell("deleted", from.folder, from.name);
    desk.tell(replaced ? "changed" : "created", to.folder, to.name);
  };
  await atPlaces(desk, open, work, signal);
}

export const intoItself = (path: string) =>
  new FilesError("refused", `${showPath(path)} cannot go into itself. Choose a destination outside of it.`);

/** Only a file gives way, and only where that was asked for. */
export function refuseReplacing(desk: Desk, to: Place, folder: boolean, overwrite: boolean): void {
  const { given, existing } = to;
  if (!overwrite)
    throw new FilesError("exists", `${showPath(given)} exists already. Choose another name, or ask to overwrite it.`);
  if (folder || existing?.isDirectory()) {
    throw new FilesError(
      "exists",
      `${showPath(given)} exists already, and a folder neither replaces nor is replaced. Remove it first.`,
    );
  }
  if (!existing?.isSymbolicLink()) writableFile(to, desk.ground);
}

/** An allowed folder, the server's journal, and what holds one of them stay where they are. */
function refuseRoots({ ground }: Desk, { key, given, existing }: Place): void {
  if (!existing?.isDirectory()) return;
  const holds = (real: string) => `${real.replaceAll("\\", "/")}/`.startsWith(`${key.replaceAll("\\", "/")}/`);
  if (ground.roots.some(({ real }) => holds(real))) throw isRoot(given);
  if (ground.state !== undefined && holds(ground.state)) throw reservedError(given);
}

/** What is kept by its path must not be readable by another one. */
function refuseToUncover({ ground }: Desk, from: Place, to: Place): void {
  const [one, other] = [from, to].map(({ folder, name }) => [...folder.relative, name]) as [string[], string[]];
  if (!ground.isDenied?.differs(one, other)) return;
  throw new FilesError(
    "refused",
    `${showPath(from.given)} or ${showPath(to.given)} is on the way of a path in the user's settings (--deny, --allow), so that folders are not moved between them. Ask the user to move it, or copy it.`,
  );
}

export async function remove(
  desk: Desk,
  path: string,
  { ifSha256, signal }: Precondition & Waiting = {},
): Promise<Removed> {
  return atPlace(desk, path, { follow: false, signal }, async (place) => {
    const { existing, folder, name } = place;
    if (existing === undefined) throw missing(path);
    refuseRoots(desk, place);
    await refuseStale(desk, place, ifSha256, signal);
    signal?.throwIfAborted();
    const { journal, trash } = await desk.book();
    const change = { action: "remove" as const, path, at: spotOf(place), before: markOf(existing) };
    await withJournal(desk, change, [place], async (entry) => {
      const taken = await trash.take(entry, place);
      if (taken === undefined) {
        throw new FilesError(
          "permission",
          `The allowed folder of ${showPath(path)} takes no trash, so nothing is deleted in it.`,
        );
      }
      const exchanged = !sameThing(taken, existing);
      entry.change.kept = markOf(taken);
      // What came in this moment goes back.
      if (exchanged) entry.change.before = markOf(taken);
      journal.save(entry);
      if (exchanged) throw moveError(path);
      await syncFolder(folder);
    });
    desk.quota.forget(folder.root);
    desk.tell("deleted", folder, name);
    return { type: typeOf(existing) };
  });
}
