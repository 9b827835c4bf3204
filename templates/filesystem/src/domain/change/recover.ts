import { FilesError } from "../errors.ts";
import { type Entry, isMarked, rootKey } from "../safe-fs/journal/entry.ts";
import { openPlaceBelow, type Place } from "../safe-fs/place.ts";
import { isCaseOnly } from "../safe-fs/writing/folders.ts";
import { dropName, syncFolder } from "../safe-fs/writing/on-disk.ts";
import { removeTree } from "../safe-fs/writing/remove-tree.ts";
import { addedTo } from "./added.ts";
import { atPlaces, type Desk } from "./desk.ts";
import { Overtaken } from "./overtaken.ts";
import { takeBack, temporaryOf } from "./take-back.ts";
import { warn } from "./with-journal.ts";

/** Finishes or takes back what processes that have ended left half done, the newest first. */
export async function recover(desk: Desk): Promise<void> {
  const { journal, trash, isAlive } = await desk.book();
  const roots = desk.ground.roots.filter(({ readOnly }) => !readOnly).map(rootKey);
  for (const entry of journal.unfinished(roots)) {
    if (isAlive(entry.owner)) continue;
    try {
      await atEntry(desk, entry, async (places) => {
        if (journal.stateOf(entry) !== entry.state) return; // another server was faster
        if (entry.state === "begun" && (await isComplete(desk, entry, places))) {
          journal.mark(entry, "done", await trash.sizeOf(entry));
          return;
        }
        await takeBack(desk, entry, places);
        await endOf(desk, entry);
      });
    } catch (error) {
      // What the world has overtaken is over; anything else is tried again at the next start.
      if (error instanceof FilesError) journal.mark(entry, "undone");
      else warn(error);
    }
  }
}

/** What a taking back has put into the trash waits there for its end. */
export async function endOf(desk: Desk, entry: Entry): Promise<void> {
  const { journal, trash } = await desk.book();
  const bytes = await trash.sizeOf(entry);
  if (bytes === 0) journal.drop(entry);
  else {
    journal.mark(entry, "undone", bytes);
    await trash.makeRoom(entry);
  }
}

/** The places of an entry, as they are now. */
export function atEntry<Result>(
  desk: Desk,
  { change }: Entry,
  work: (places: Place[]) => Promise<Result>,
): Promise<Result> {
  const { at, from, path, destination = path } = change;
  const place = (spot: typeof at, given: string): Place => {
    const root = desk.ground.roots.find((one) => rootKey(one) === spot.root);
    if (root === undefined) throw new Overtaken("It came from a folder that is not allowed any more.", { lasts: true });
    return openPlaceBelow(desk.ground, root, spot.relative, given, { follow: false, raw: spot.raw });
  };
  const open = () => {
    const places = [place(at, destination)];
    try {
      if (from) places.push(place(from, path));
      return places;
    } catch (error) {
      for (const one of places) one.close();
      throw error;
    }
  };
  return atPlaces(desk, open, work);
}

/** Whether a change that was begun had all its effect; what is left to clear up is. */
async function isComplete(desk: Desk, entry: Entry, [place, from]: Place[]): Promise<boolean> {
  if (place === undefined) return false;
  const { trash } = await desk.book();
  const { action, made, before, added } = entry.change;
  if (added !== undefined) return (await addedTo(desk, entry, place)) === added;
  if (action === "remove") {
    const kept = await trash.useKept(entry, ({ existing }) => existing);
    return place.existing === undefined && isMarked(kept, before);
  }
  if (!isMarked(place.existing, made)) return false;
  if (action === "move") {
    if (from?.existing && isMarked(from.existing, made) && !isCaseOnly(from, place)) await dropName(from);
  } else await removeTree(desk.ground, place.folder, temporaryOf(entry));
  await syncFolder(place.folder);
  return true;
}
