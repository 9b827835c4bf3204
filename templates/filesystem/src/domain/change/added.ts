/** What append_file has added to a file that was there: the same bytes are in the trash, so that they are known again. */
import type { Entry } from "../safe-fs/journal/entry.ts";
import { locateIn } from "../safe-fs/open.ts";
import type { Place } from "../safe-fs/place.ts";
import { showPath } from "../safe-fs/refusals.ts";
import { isAdded, shorten } from "../safe-fs/writing/append.ts";
import type { Desk } from "./desk.ts";
import { Overtaken } from "./overtaken.ts";

/** How many of the bytes are there; undefined where the file does not end with them. */
export async function addedTo(desk: Desk, entry: Entry, place: Place): Promise<number | undefined> {
  const { trash } = await desk.book();
  const { before, path } = entry.change;
  const bytes = await trash.bytesOf(entry);
  if (bytes === undefined || before === undefined || !place.existing?.isFile()) return undefined;
  const located = locateIn(desk.ground, place.folder, place.name, path);
  try {
    return isAdded(located, before.size, bytes, path);
  } finally {
    located.close();
  }
}

export async function takeOff(desk: Desk, entry: Entry, place: Place): Promise<void> {
  const { trash } = await desk.book();
  const { before, added = 0, path, kept } = entry.change;
  const there = kept === undefined ? 0 : await addedTo(desk, entry, place);
  if (there === undefined || (there < added && there > 0 && entry.state === "done"))
    throw new Overtaken(`${showPath(path)} does not end with what was added any more, and was left as it is.`);
  if (there > 0 && before) {
    const located = locateIn(desk.ground, place.folder, place.name, path);
    try {
      await shorten(located, before.size, path);
    } finally {
      located.close();
    }
    desk.tell("changed", place.folder, place.name);
  }
  await trash.remove(entry);
}
