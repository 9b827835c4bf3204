import { lstatSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type { Ground, Located } from "../locate.ts";
import { listEntries, locateIn } from "../open.ts";
import { temporaryPrefix } from "../paths.ts";
import { findEntry } from "../place.ts";
import { anyKind } from "../trash/trash-folder.ts";

/** How long the event loop may wait, in milliseconds. */
const slice = 8;

/**
 * Removes what has a name in an open folder, folders with all they hold, never over a link. Folders in it are moved up
 * beside one another first, so that neither a deep one nor a wide one needs more than two open at a time. Given up on a
 * signal, it goes on where it stopped when it is called again.
 */
export async function removeTree(ground: Ground, folder: Located, name: string, signal?: AbortSignal): Promise<void> {
  const at = `${folder.at}/${name}`;
  const found = lstatSync(at, { throwIfNoEntry: false });
  if (found === undefined) return;
  folder.verify();
  if (!found.isDirectory()) {
    unlinkSync(at);
    return;
  }
  const any = anyKind(ground);
  const top = locateIn(any, folder, name, name);
  try {
    const left: string[] = [];
    let [lifted, since] = [0, performance.now()];
    const rest = async () => {
      if (performance.now() - since < slice) return;
      await setImmediate();
      signal?.throwIfAborted();
      since = performance.now();
    };
    const empty = async (child: Located) => {
      for (const entry of listEntries(child, { all: true })) {
        await rest();
        const { at } = findEntry(child, entry.name);
        if (entry.type !== "directory") unlinkSync(at);
        else if (child === top) left.push(entry.name);
        else {
          const next = `${temporaryPrefix}${process.pid}-${Date.now()}-${lifted++}`;
          renameSync(at, `${top.at}/${next}`);
          left.push(next);
        }
      }
    };
    await empty(top);
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      await rest();
      const child = locateIn(any, top, next, name);
      try {
        await empty(child);
      } finally {
        child.close();
      }
      rmdirSync(findEntry(top, next).at);
    }
  } finally {
    top.close();
  }
  rmdirSync(at);
}
