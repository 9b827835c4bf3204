import { type Change, type Entry, rootKey, type Spot } from "../safe-fs/journal/entry.ts";
import type { Place } from "../safe-fs/place.ts";
import type { Desk } from "./desk.ts";
import { takeBack } from "./take-back.ts";

export const spotOf = ({ folder, name, at }: Place): Spot => ({
  root: rootKey(folder.root),
  relative: [...folder.relative, name],
  ...(typeof at !== "string" && { raw: true as const }),
});

/**
 * Makes a change as a step of the journal: written down before it begins and when it is done. One that fails is taken
 * back here, one whose process ends by the next start.
 */
export async function withJournal<Result>(
  desk: Desk,
  change: Change,
  places: Place[],
  work: (entry: Entry) => Promise<Result>,
): Promise<Result> {
  const { journal, trash } = await desk.book();
  const entry = journal.begin(change);
  let result: Result;
  try {
    result = await work(entry);
  } catch (error) {
    try {
      await takeBack(desk, entry, places);
      await trash.forget(entry);
    } catch (second) {
      // It stays in the journal as begun, for the next start.
      warn(second);
    }
    throw error;
  }
  // From here on it has happened, and nothing that fails may say otherwise.
  try {
    const bytes = entry.bytes ?? (change.kept || change.added ? await trash.sizeOf(entry) : 0);
    journal.mark(entry, "done", bytes);
    if (bytes > 0) await trash.makeRoom(entry);
  } catch (error) {
    warn(error);
  }
  return result;
}

export const warn = (error: unknown): void => process.emitWarning(error instanceof Error ? error : String(error));
