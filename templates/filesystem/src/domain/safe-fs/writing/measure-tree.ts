import { lstatSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { FilesError } from "../../errors.ts";
import type { Ground, Located } from "../locate.ts";
import { listEntries, locateIn } from "../open.ts";
import { findEntry } from "../place.ts";
import { anyKind } from "../trash/trash-folder.ts";

export interface TreeSize {
  /** Of all its files. */
  bytes: number;
  files: number;
  /** And what else takes up room: folders, links. */
  others: number;
}

/** Every level is held open on the way down; what lies deeper than this is not counted. */
const deepest = 500;

/** What has a name in an open folder, with everything in it; nothing where it is missing. */
export async function measureTree(ground: Ground, folder: Located, name: string): Promise<TreeSize> {
  const size: TreeSize = { bytes: 0, files: 0, others: 0 };
  const any = anyKind(ground);
  const add = (at: string | Buffer): boolean => {
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (stats === undefined) return false; // it takes up nothing
    if (stats.isFile()) size.files++;
    else size.others++;
    if (stats.isFile()) size.bytes += stats.size;
    return stats.isDirectory();
  };
  if (!add(findEntry(folder, name).at)) return size;
  const way: { at: Located; names: string[] }[] = [];
  const enter = (parent: Located, child: string) => {
    if (way.length >= deepest) return;
    try {
      const at = locateIn(any, parent, child, child);
      way.push({ at, names: listEntries(at, { all: true }).map((entry) => entry.name) });
    } catch (error) {
      if (!(error instanceof FilesError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
      // It is gone, or closed to this server.
    }
  };
  try {
    enter(folder, name);
    for (let count = 1; ; count++) {
      const here = way.at(-1);
      if (here === undefined) return size;
      if (count % 500 === 0) await setImmediate();
      const next = here.names.pop();
      if (next === undefined) way.pop()?.at.close();
      else if (add(findEntry(here.at, next).at)) enter(here.at, next);
    }
  } finally {
    for (const { at } of way) at.close();
  }
}
