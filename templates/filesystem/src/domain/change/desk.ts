import { FilesError } from "../errors.ts";
import type { FilesEvent, FilesLimits } from "../files.ts";
import { sha256OfFile } from "../range.ts";
import type { Ground, Located } from "../safe-fs/locate.ts";
import { fileOf, locateIn } from "../safe-fs/open.ts";
import { openPlace, type Place } from "../safe-fs/place.ts";
import { explained, shown } from "../safe-fs/refusals.ts";
import type { OpenFile, SafeFs } from "../safe-fs/safe-fs.ts";
import type { Trash } from "../safe-fs/trash/trash.ts";
import type { createLocks } from "./locks.ts";
import type { QuotaKeeper } from "./quota.ts";

/** What every change works with. */
export interface Desk {
  ground: Ground;
  safeFs: SafeFs;
  limits: FilesLimits;
  trash: Trash;
  quota: QuotaKeeper;
  holding: ReturnType<typeof createLocks>;
  tell(type: FilesEvent["type"], folder: Located, name: string): void;
}

const mostTries = 10;

/** Opens places and holds their locks; where they lead is looked up again once the locks are held. */
export async function atPlaces<Result>(
  desk: Desk,
  open: () => Place[],
  work: (places: Place[]) => Promise<Result>,
): Promise<Result> {
  const closing = <Kept>(places: Place[], use: () => Kept): Kept => {
    const close = () => {
      for (const place of places) place.close();
    };
    const kept = use();
    if (kept instanceof Promise) return kept.finally(close) as Kept;
    close();
    return kept;
  };
  for (let tries = 0; tries < mostTries; tries++) {
    const before = open();
    const keys = closing(before, () => before.map(({ key }) => key));
    const outcome = await desk.holding(keys, async () => {
      const places = open();
      return closing(places, async () => {
        if (places.some(({ key }, index) => key !== keys[index])) return undefined;
        try {
          return { result: await work(places) };
        } catch (error) {
          throw explained(error, places[0]?.given ?? "");
        }
      });
    });
    if (outcome !== undefined) return outcome.result;
  }
  throw new FilesError("conflict", "The folders on the way to this file keep changing. Try again.");
}

export const atPlace = <Result>(
  desk: Desk,
  path: string,
  options: { follow: boolean },
  work: (place: Place) => Promise<Result>,
): Promise<Result> =>
  atPlaces(
    desk,
    () => [openPlace(desk.ground, path, options)],
    ([place]) => work(place as Place),
  );

/** The file at a place that was seen to have one. */
export const openAt = ({ ground }: Desk, { folder, name, given }: Place): OpenFile =>
  fileOf(locateIn(ground, folder, name, given), given);

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
    throw new FilesError("conflict", `There is no ${shown(place.given)} any more. Nothing was changed.`);
  }
  const file = openAt(desk, place);
  try {
    const now = await sha256OfFile(file, signal);
    if (now === ifSha256.toLowerCase()) return;
    throw new FilesError(
      "conflict",
      `${shown(place.given)} was changed: its SHA-256 is ${now} now. Nothing was changed. Read it again before you write it.`,
    );
  } finally {
    file.close();
  }
}
