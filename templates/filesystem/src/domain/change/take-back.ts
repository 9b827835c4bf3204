/** Takes changes back, whole ones and those that a crash left half done. Each step may have been done before. */
import { sha256OfFile } from "../range.ts";
import { type Entry, isMarked, type Mark } from "../safe-fs/journal/entry.ts";
import { sameThing } from "../safe-fs/locate.ts";
import { temporaryPrefix } from "../safe-fs/paths.ts";
import type { Place } from "../safe-fs/place.ts";
import { showPath } from "../safe-fs/refusals.ts";
import { isCaseOnly, removeFolders, rename, restore } from "../safe-fs/writing/folders.ts";
import { dropName, standingAt, syncFolder, takeOver } from "../safe-fs/writing/on-disk.ts";
import { removeTree } from "../safe-fs/writing/remove-tree.ts";
import { takeOff } from "./added.ts";
import { type Desk, openAt } from "./desk.ts";
import { Overtaken } from "./overtaken.ts";

export const temporaryOf = ({ id }: Entry): string => `${temporaryPrefix}${id}`;

/** @throws Overtaken where something else stands there now, and nothing was done */
export async function takeBack(desk: Desk, entry: Entry, places: Place[]): Promise<void> {
  const [place, from] = places as [Place, Place];
  const { action, added } = entry.change;
  if (added !== undefined) return takeOff(desk, entry, place);
  if (action === "move") return moveBack(desk, entry, place, from);
  if (action === "remove") return putBack(desk, entry, place);
  if (await clearTemporary(desk, entry, place)) return;
  if (action === "createDirectory") return foldersBack(desk, entry, place);
  return exchangeBack(desk, entry, place);
}

/** True where what was made had only its temporary name: then the place is as it was. */
async function clearTemporary(desk: Desk, entry: Entry, place: Place): Promise<boolean> {
  const { trash } = await desk.book();
  const name = temporaryOf(entry);
  const found = standingAt({ at: `${place.folder.at}/${name}` });
  if (found === undefined) return false;
  const now = standingAt(place);
  await removeTree(desk.ground, place.folder, name);
  if (now && sameThing(found, now)) return false;
  await trash.remove(entry);
  return true;
}

/** Writes, edits, copies: what was made goes, and what it replaced comes. */
async function exchangeBack(desk: Desk, entry: Entry, place: Place): Promise<void> {
  const { trash } = await desk.book();
  const { made, before, kept, path, destination = path } = entry.change;
  const now = standingAt(place);
  if (before === undefined) {
    if (now === undefined) return;
    if (made === undefined) return; // it never came so far
    if (!(await holds(desk, place, made))) throw changedSince(destination);
    const taken = await trash.take(entry, place);
    if (taken === undefined) await removeTree(desk.ground, place.folder, place.name);
    await syncFolder(place.folder);
    desk.tell("deleted", place.folder, place.name);
    return;
  }
  // It never came so far, or has been taken back.
  if (made === undefined || isMarked(now, before) || (kept && isMarked(now, kept))) return trash.remove(entry);
  if (!(await holds(desk, place, made))) throw changedSince(destination);
  const restored = await trash.useKept(entry, async ({ at, existing }) => {
    if (existing === undefined) return false;
    await takeOver(at, place);
    return true;
  });
  if (!restored) throw notKept(destination);
  desk.tell("changed", place.folder, place.name);
}

async function putBack(desk: Desk, entry: Entry, place: Place): Promise<void> {
  const { trash } = await desk.book();
  const { before, path } = entry.change;
  const now = standingAt(place);
  if (isMarked(now, before)) return trash.remove(entry);
  const restored = await trash.useKept(entry, async ({ at, existing }) => {
    if (existing === undefined) return false;
    if (now !== undefined) {
      const text = `There is something at ${showPath(path)} again; what was deleted is in the trash still. Move it away, then undo.`;
      throw new Overtaken(text, { lasts: true });
    }
    await restore(at, place);
    return true;
  });
  if (!restored) throw notKept(path);
  desk.tell("created", place.folder, place.name);
}

async function moveBack(desk: Desk, entry: Entry, there: Place, back: Place): Promise<void> {
  const { trash } = await desk.book();
  const { made, before, kept, path, destination = path } = entry.change;
  const isBack = isMarked(back.existing, made);
  const isThere = isMarked(there.existing, made);
  if (isCaseOnly(there, back) && isThere) {
    await takeOver(there.at, back);
  } else if (!isBack) {
    if (!isThere) throw changedSince(destination);
    if (back.existing)
      throw new Overtaken(`There is something at ${showPath(path)} again. Move it away, then undo.`, { lasts: true });
    await rename(there, back);
  } else if (isThere && !isMarked(there.existing, before)) {
    // It has the old name again and has not lost the new one yet, or the other way round.
    await dropName(there);
  }
  if (before) {
    const now = standingAt(there);
    if (isMarked(now, before) || isMarked(now, kept)) await trash.remove(entry);
    else if (now === undefined)
      await trash.useKept(entry, async ({ at, existing }) => {
        if (existing) await restore(at, there);
      });
  }
  if (entry.state === "begun") return;
  desk.tell("created", back.folder, back.name);
  desk.tell(before ? "changed" : "deleted", there.folder, there.name);
}

/** Only as long as nothing else has come into them. */
async function foldersBack(desk: Desk, entry: Entry, place: Place): Promise<void> {
  const { made, folders = [], path } = entry.change;
  if (place.existing === undefined || made === undefined) return;
  if (!isMarked(place.existing, made)) throw changedSince(path);
  if (!(await removeFolders(desk.ground, place, folders)))
    throw new Overtaken(`There is something in ${showPath(path)} now, which stays.`);
  desk.tell("deleted", place.folder, place.name);
}

/** Whether what was made is there still, as it was made: a file by its content, whatever its times say. */
async function holds(desk: Desk, place: Place, made: Mark): Promise<boolean> {
  const now = standingAt(place);
  if (now === undefined) return false;
  if (made.sha256 === undefined) return isMarked(now, made);
  if (!now.isFile() || now.size !== made.size) return false;
  const file = openAt(desk, place);
  try {
    return (await sha256OfFile(file)) === made.sha256;
  } finally {
    file.close();
  }
}

const changedSince = (path: string) =>
  new Overtaken(`${showPath(path)} was changed since by someone else, or is gone, and was left as it is.`);

const notKept = (path: string) => new Overtaken(`What ${showPath(path)} was before is not kept any more.`);
