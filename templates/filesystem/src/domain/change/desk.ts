import { setTimeout as pause } from "node:timers/promises";
import { FilesError } from "../errors.ts";
import type { FilesEvent, FilesLimits, Waiting } from "../files.ts";
import { sha256OfFile } from "../range.ts";
import type { Journal } from "../safe-fs/journal/journal.ts";
import { Exchanged, type Ground, type Located } from "../safe-fs/locate.ts";
import { openFileIn } from "../safe-fs/open.ts";
import { openPlace, type Place } from "../safe-fs/place.ts";
import { explain, showPath } from "../safe-fs/refusals.ts";
import type { OpenFile, SafeFs } from "../safe-fs/safe-fs.ts";
import type { Trash } from "../safe-fs/trash/trash.ts";
import type { FolderLocks } from "./folder-locks.ts";
import type { createLocks } from "./locks.ts";
import type { QuotaKeeper } from "./quota.ts";

/** What every change works with. */
export interface Desk {
  ground: Ground;
  safeFs: SafeFs;
  limits: FilesLimits;
  /** What files are in that are not UTF-8. */
  encoding: string | undefined;
  quota: QuotaKeeper;
  /** The journal and the trash, opened with the first change. */
  book(): Promise<Book>;
  /** One call of this process at a time for each key. */
  holding: ReturnType<typeof createLocks>;
  /** One process at a time in each folder. */
  inFolders: FolderLocks;
  /** Some of the server's folders only: what happened in the others is not told here. */
  isPartial: boolean;
  tell(type: FilesEvent["type"], folder: Located, name: string): void;
}

export interface Book {
  journal: Journal;
  trash: Trash;
  isAlive(owner: string): boolean;
}

const mostTries = 20;

/**
 * Opens places and holds their locks; where they lead is looked up again once the locks are held. Where another program
 * exchanges something meanwhile, everything begins again.
 */
export async function atPlaces<Result>(
  desk: Desk,
  open: () => Place[],
  work: (places: Place[]) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  let last: unknown;
  for (let tries = 0; tries < mostTries; tries++) {
    signal?.throwIfAborted();
    if (tries > 2) await pause(Math.random() * 5 * tries);
    const before = open();
    const keys = before.map(({ key }) => key);
    const folders = before.map(({ folder }) => folder.stats);
    close(before);
    try {
      const outcome = await desk.holding(keys, () =>
        desk.inFolders(folders, signal, async () => {
          const places = open();
          try {
            if (places.some(({ key }, index) => key !== keys[index])) return undefined;
            return { result: await work(places) };
          } catch (error) {
            throw explain(error, places[0]?.given ?? "");
          } finally {
            close(places);
          }
        }),
      );
      if (outcome !== undefined) return outcome.result;
    } catch (error) {
      if (!(error instanceof Exchanged)) throw error;
      last = error;
    }
  }
  throw last ?? new FilesError("conflict", "The folders on the way to this file keep changing. Try again.");
}

function close(places: Place[]): void {
  for (const place of places) place.close();
}

export const atPlace = <Result>(
  desk: Desk,
  path: string,
  options: { follow: boolean } & Waiting,
  work: (place: Place) => Promise<Result>,
): Promise<Result> =>
  atPlaces(
    desk,
    () => [openPlace(desk.ground, path, options)],
    ([place]) => work(place as Place),
    options.signal,
  );

/** Two places, the first of which closes when the second cannot be opened. */
export function openBoth(first: () => Place, second: () => Place): Place[] {
  const one = first();
  try {
    return [one, second()];
  } catch (error) {
    one.close();
    throw error;
  }
}

/** The file at a place that was seen to have one. */
export const openAt = ({ ground }: Desk, { folder, name, given }: Place): OpenFile =>
  openFileIn(ground, folder, name, given);

const sha256Shape = /^[0-9a-f]{64}$/i;

/** Refuses where a file is not as the caller knows it. */
export async function refuseStale(
  desk: Desk,
  place: Place,
  ifSha256: string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  if (ifSha256 === undefined) return;
  if (!sha256Shape.test(ifSha256)) throw new FilesError("invalid", "if_sha256 is 64 hexadecimal digits.");
  if (place.existing === undefined) {
    throw new FilesError("conflict", `There is no ${showPath(place.given)} any more. Nothing was changed.`);
  }
  const file = openAt(desk, place);
  try {
    const now = await sha256OfFile(file, signal);
    if (now === ifSha256.toLowerCase()) return;
    throw new FilesError(
      "conflict",
      `${showPath(place.given)} was changed: its SHA-256 is ${now} now. Nothing was changed. Read it again before you write it.`,
    );
  } finally {
    file.close();
  }
}
