import { lstatSync, rmdirSync, unlinkSync } from "node:fs";
import type { Ground, Located } from "../locate.ts";
import { listEntries, locateIn } from "../open.ts";

/** Removes what has a name in an open folder, folders with all they hold, never over a link. */
export function removeTree(ground: Ground, folder: Located, name: string): void {
  const at = `${folder.at}/${name}`;
  const found = lstatSync(at, { throwIfNoEntry: false });
  if (found === undefined) return;
  folder.verify();
  if (!found.isDirectory()) {
    unlinkSync(at);
    return;
  }
  const child = locateIn(ground, folder, name, name);
  try {
    for (const entry of listEntries(child, { all: true })) removeTree(ground, child, entry.name);
  } finally {
    child.close();
  }
  rmdirSync(at);
}
