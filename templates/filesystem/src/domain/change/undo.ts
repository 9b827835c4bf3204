import type { Stats } from "node:fs";
import { FilesError } from "../errors.ts";
import type { Undone, Waiting } from "../files.ts";
import { locateIn } from "../safe-fs/open.ts";
import { openPlaceBelow, type Place } from "../safe-fs/place.ts";
import { explained, shown } from "../safe-fs/refusals.ts";
import type { Root } from "../safe-fs/roots.ts";
import type { Change, Mark } from "../safe-fs/trash/journal.ts";
import { rootKey } from "../safe-fs/trash/trash.ts";
import { shorten } from "../safe-fs/writing/append.ts";
import { removeFolder, rename, restore } from "../safe-fs/writing/folders.ts";
import { syncFolder } from "../safe-fs/writing/on-disk.ts";
import { atPlaces, type Desk } from "./desk.ts";

/** A change that never came about leaves an entry; so many at most are passed over. */
const mostStale = 1_000;

/** Takes back the newest change, unless what it made was changed by somebody else since. */
export async function undo(desk: Desk, { signal }: Waiting = {}): Promise<Undone> {
  for (let passed = 0; passed < mostStale; passed++) {
    signal?.throwIfAborted();
    const found = desk.trash.newest();
    if (found === undefined) break;
    const { root, id, change } = found;
    let done: boolean;
    try {
      done = await takeBack(desk, root, id, change);
    } catch (error) {
      if (error instanceof ChangedSince) desk.trash.passOver(root, id);
      throw explained(error, change.destination ?? change.path);
    }
    desk.trash.forget(root, id);
    if (!done) continue;
    const { action, path, destination } = change;
    return { action, path, ...(destination !== undefined && { destination }) };
  }
  throw new FilesError("not_found", "There is no change to take back.");
}

/** False where the change never came about, as after a crash. */
function takeBack(desk: Desk, root: Root, id: string, change: Change): Promise<boolean> {
  const { ground } = desk;
  if (change.action === "createDirectory") return removeFolders(desk, root, change);
  if (change.action === "move") return moveBack(desk, root, id, change);
  const open = () => [openPlaceBelow(ground, root, change.relative, change.path, { follow: false })];
  return atPlaces(desk, open, async ([place]) => takeBackAt(desk, root, id, change, place as Place));
}

async function takeBackAt(desk: Desk, root: Root, id: string, change: Change, place: Place): Promise<boolean> {
  const { action, made, before, path } = change;
  const { folder, name, existing } = place;
  if (action === "remove") {
    const kept = desk.trash.useKept(root, id, () => true) ?? false;
    if (!kept) return false;
    if (existing)
      throw new FilesError("exists", `There is something at ${shown(path)} again. Move it away, then undo.`);
    await desk.trash.useKept(root, id, (at) => restore(at, place, { replacing: false }));
    desk.tell("created", folder, name);
    return true;
  }
  if (!isMarked(existing, made)) {
    if (before ? isMarked(existing, before) : existing === undefined) return false;
    throw new ChangedSince(change.destination ?? path);
  }
  if (action === "append" && before) {
    const located = locateIn(desk.ground, folder, name, path);
    try {
      await shorten(located, before, path);
    } finally {
      located.close();
    }
  } else if (before) {
    const restored = desk.trash.useKept(root, id, (at) => restore(at, place, { replacing: true }));
    if (restored === undefined)
      throw new FilesError("not_found", `What ${shown(path)} was before is not kept any more.`);
    await restored;
  } else {
    desk.trash.discard(place);
    await syncFolder(folder);
  }
  desk.tell(before ? "changed" : "deleted", folder, name);
  return true;
}

async function moveBack(desk: Desk, root: Root, id: string, change: Change): Promise<boolean> {
  const { ground } = desk;
  const { from, made, before, relative, path, destination = path } = change;
  const fromRoot = ground.roots.find((one) => rootKey(one) === from?.root);
  if (from === undefined || fromRoot === undefined) {
    throw new FilesError("not_found", `${shown(path)} came from a folder that is not allowed any more.`);
  }
  const open = () => {
    const back = openPlaceBelow(ground, fromRoot, from.relative, path, { follow: false });
    try {
      return [back, openPlaceBelow(ground, root, relative, destination, { follow: false })];
    } catch (error) {
      back.close();
      throw error;
    }
  };
  return atPlaces(desk, open, async (places) => {
    const [back, there] = places as [Place, Place];
    if (!isMarked(there.existing, made)) {
      if (isMarked(back.existing, made)) return false;
      throw new ChangedSince(destination);
    }
    if (back.existing && back.key.toLowerCase() !== there.key.toLowerCase()) {
      throw new FilesError("exists", `There is something at ${shown(path)} again. Move it away, then undo.`);
    }
    await rename(there, back);
    if (before) await desk.trash.useKept(root, id, (at) => restore(at, there, { replacing: false }));
    desk.tell("created", back.folder, back.name);
    desk.tell(before ? "changed" : "deleted", there.folder, there.name);
    return true;
  });
}

async function removeFolders(desk: Desk, root: Root, { folders = [], path }: Change): Promise<boolean> {
  let removed = 0;
  for (const relative of folders.toReversed()) {
    const open = () => [openPlaceBelow(desk.ground, root, relative, path, { follow: false })];
    await atPlaces(desk, open, async ([place]) => {
      if (!place?.existing) return;
      try {
        removeFolder(place);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
        throw new FilesError("conflict", `There is something in ${shown(path)} now. Remove it first, then undo.`);
      }
      removed++;
      await syncFolder(place.folder);
      desk.tell("deleted", place.folder, place.name);
    });
  }
  return removed > 0;
}

/** It can never be taken back, and must not stand in the way of older changes. */
class ChangedSince extends FilesError {
  constructor(path: string) {
    super(
      "conflict",
      `${shown(path)} was changed since by somebody else. Nothing was taken back; look at it. Undo again takes back the change before.`,
    );
  }
}

/** The very thing, with its content; of a folder only that it is the same one. */
function isMarked(found: Stats | undefined, mark: Mark | undefined): boolean {
  if (found === undefined || mark === undefined) return false;
  if (found.dev !== mark.dev || found.ino !== mark.ino) return false;
  if (!found.isFile()) return true;
  // A time that was set is rounded by less than a microsecond.
  return found.size === mark.size && (mark.mtimeMs === -1 || Math.abs(found.mtimeMs - mark.mtimeMs) < 0.002);
}
