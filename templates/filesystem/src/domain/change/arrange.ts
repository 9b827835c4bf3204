/** Changes of what is where: folders made, things moved and removed. */

import { FilesError } from "../errors.ts";
import type { MoveOptions, Precondition, Removed, Waiting } from "../files.ts";
import { typeOf } from "../safe-fs/open.ts";
import { isRoot, openPlace, type Place, placeIn, writableFile } from "../safe-fs/place.ts";
import { explained, missing, shown } from "../safe-fs/refusals.ts";
import { type Kept, markOf, rootKey } from "../safe-fs/trash/trash.ts";
import { isSameEntry, makeFolders, rename } from "../safe-fs/writing/folders.ts";
import { syncFolder } from "../safe-fs/writing/on-disk.ts";
import { atPlace, atPlaces, type Desk, refuseStale } from "./desk.ts";

export async function createDirectory(
  desk: Desk,
  path: string,
  { signal }: Waiting = {},
): Promise<{ created: boolean }> {
  signal?.throwIfAborted();
  const made = await makeFolders(desk.ground, path);
  const [outermost] = made;
  if (outermost === undefined) return { created: false };
  try {
    const folders = made.map(({ folder, name }) => [...folder.relative, name]);
    const { folder, name } = outermost;
    const place: Place = { ...placeIn({ ...folder, close() {} }, name, path), close() {} };
    await desk.trash.keep(place, { action: "createDirectory", path, relative: folders.at(-1) ?? [], folders }, "none");
    for (const one of made) desk.tell("created", one.folder, one.name);
    return { created: true };
  } finally {
    for (const { folder } of made) folder.close();
  }
}

export async function move(
  desk: Desk,
  source: string,
  destination: string,
  { overwrite = false, signal }: MoveOptions = {},
): Promise<void> {
  const open = () => {
    const from = openPlace(desk.ground, source, { follow: false });
    try {
      return [from, openPlace(desk.ground, destination, { follow: false })];
    } catch (error) {
      from.close();
      throw error;
    }
  };
  await atPlaces(desk, open, async (places) => {
    const [from, to] = places as [Place, Place];
    const moving = from.existing;
    if (moving === undefined) throw missing(source);
    refuseRoots(desk, from);
    if (from.key === to.key)
      throw new FilesError("invalid", `${shown(source)} is there already. Give another destination.`);
    if (`${to.key}/`.startsWith(`${from.key}/`)) throw intoItself(source);
    const replaced = isSameEntry(from, to) ? undefined : to.existing;
    if (replaced) refuseReplacing(desk, to, moving.isDirectory(), overwrite);
    signal?.throwIfAborted();
    const change = {
      action: "move" as const,
      path: source,
      destination,
      relative: [...to.folder.relative, to.name],
      from: { root: rootKey(from.folder.root), relative: [...from.folder.relative, from.name] },
      made: markOf(moving),
      ...(replaced && { before: markOf(replaced) }),
    };
    const kept = await desk.trash.keep(to, change, replaced ? "link" : "none");
    try {
      await rename(from, to);
    } catch (error) {
      kept?.cancel();
      const { code } = error as NodeJS.ErrnoException;
      throw explained(error, code === "EEXIST" || code === "ENOTEMPTY" ? destination : source);
    }
    desk.tell("deleted", from.folder, from.name);
    desk.tell(replaced ? "changed" : "created", to.folder, to.name);
  });
}

export const intoItself = (path: string) =>
  new FilesError("refused", `${shown(path)} cannot go into itself. Choose a destination outside of it.`);

/** Only a file gives way, and only where that was asked for. */
export function refuseReplacing(desk: Desk, to: Place, folder: boolean, overwrite: boolean): void {
  const { given, existing } = to;
  if (!overwrite)
    throw new FilesError("exists", `${shown(given)} exists already. Choose another name, or ask to overwrite it.`);
  if (folder || existing?.isDirectory()) {
    throw new FilesError(
      "exists",
      `${shown(given)} exists already, and a folder neither replaces nor is replaced. Remove it first.`,
    );
  }
  if (!existing?.isSymbolicLink()) writableFile(to, desk.ground);
}

/** An allowed folder, and what holds one, stays where it is. */
function refuseRoots({ ground }: Desk, { key, given, existing }: Place): void {
  if (!existing?.isDirectory()) return;
  if (ground.roots.some(({ real }) => `${real.replaceAll("\\", "/")}/`.startsWith(`${key.replaceAll("\\", "/")}/`)))
    throw isRoot(given);
}

export async function remove(
  desk: Desk,
  path: string,
  { ifSha256, signal }: Precondition & Waiting = {},
): Promise<Removed> {
  return atPlace(desk, path, { follow: false }, async (place) => {
    const { existing, folder, name } = place;
    if (existing === undefined) throw missing(path);
    refuseRoots(desk, place);
    await refuseStale(desk, place, ifSha256, signal);
    signal?.throwIfAborted();
    const change = { action: "remove" as const, path, relative: [...folder.relative, name], before: markOf(existing) };
    const kept: Kept | undefined = await desk.trash.keep(place, change, "move");
    if (kept === undefined) {
      throw new FilesError(
        "permission",
        `The allowed folder of ${shown(path)} takes no trash, so nothing is deleted in it.`,
      );
    }
    await syncFolder(folder);
    desk.tell("deleted", folder, name);
    return { type: typeOf(existing) };
  });
}
