import { FilesError } from "../errors.ts";
import type { PassedOver, Undone, Waiting } from "../files.ts";
import { Narrowed, unnarrowed } from "../narrow.ts";
import { type Entry, rootKey } from "../safe-fs/journal/entry.ts";
import { rules } from "../safe-fs/locate.ts";
import { below } from "../safe-fs/paths.ts";
import type { Desk } from "./desk.ts";
import { Overtaken } from "./overtaken.ts";
import { atEntry, endOf, recover } from "./recover.ts";
import { takeBack } from "./take-back.ts";

/** Codes of refusals that say that the world has changed, where nothing was done. */
const overtaken = ["not_found", "refused", "wrong_kind", "invalid", "exists"];

/** Takes back the newest change that can be. One that the world has overtaken is passed over, which is told. */
export async function undo(desk: Desk, { signal }: Waiting = {}): Promise<Undone> {
  const roots = desk.ground.roots.filter(({ readOnly }) => !readOnly).map(rootKey);
  if (roots.length === 0) throw nothingLeft("");
  const { journal } = await desk.book();
  await unnarrowed(() => recover(desk));
  const passedOver: PassedOver[] = [];
  for (let entry = journal.newest(roots); entry; entry = journal.newest(roots, entry)) {
    signal?.throwIfAborted();
    const { action, destination } = entry.change;
    if (desk.isPartial && isMovedFromElsewhere(desk, entry)) continue;
    const path = toldPath(desk, entry);
    const what = { action, path, ...(destination !== undefined && { destination }) };
    const outcome = await attempt(desk, entry);
    if (outcome === "done") return { ...what, passedOver };
    if (outcome !== "by another") passedOver.push({ ...what, reason: outcome.reason });
  }
  const passed = passedOver.map(
    ({ action, path, reason }) => ` Passed over ${action} of ${JSON.stringify(path)}: ${reason}`,
  );
  throw nothingLeft(passed.slice(0, 10).join(""));
}

/** It would go back where the caller has no part. */
const isMovedFromElsewhere = ({ ground: { roots } }: Desk, { change: { from } }: Entry): boolean =>
  from !== undefined && !roots.some((root) => rootKey(root) === from.root);

/** What was copied out of a folder that the caller has no part in would tell its name. */
function toldPath(
  { isPartial, ground: { roots } }: Desk,
  { change: { action, path, destination = path } }: Entry,
): string {
  const isOwn = roots.some(({ given }) => below(given, path, rules) !== undefined);
  return isPartial && action === "copy" && !isOwn ? destination : path;
}

const nothingLeft = (passed: string) => new FilesError("not_found", `There is no change to take back.${passed}`);

async function attempt(desk: Desk, entry: Entry): Promise<"done" | "by another" | { reason: string }> {
  const { journal } = await desk.book();
  const earlier = entry.state;
  try {
    return await atEntry(desk, entry, async (places) => {
      if (journal.stateOf(entry) !== earlier) return "by another";
      journal.mark(entry, "undoing");
      await takeBack(desk, entry, places);
      await endOf(desk, entry);
      return "done";
    });
  } catch (error) {
    if (!(error instanceof FilesError) || !(error instanceof Overtaken || overtaken.includes(error.code))) {
      journal.mark(entry, earlier);
      throw error;
    }
    // What was deleted is nowhere else: it stays until it can come back or is swept.
    const { action } = entry.change;
    const lasts = action === "remove" || error instanceof Narrowed || (error instanceof Overtaken && error.lasts);
    journal.mark(entry, lasts ? earlier : "undone");
    return { reason: error.message };
  }
}
