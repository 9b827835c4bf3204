import { chmodSync, lstatSync, mkdirSync, renameSync } from "node:fs";
import { type Mark, markOf } from "../journal/entry.ts";
import { type Ground, type Located, moveError } from "../locate.ts";
import { locateIn } from "../open.ts";
import type { Place } from "../place.ts";
import { explain } from "../refusals.ts";
import { anyKind } from "../trash/trash-folder.ts";
import { syncFolder } from "./on-disk.ts";

/** A new folder that is being filled. */
export interface Tree {
  located: Located;
  folder(name: string): Tree;
  /** Everything in it is there: its mode, and to disk. */
  finish(mode: number): Promise<void>;
  close(): void;
}

/**
 * Makes a folder with content under a temporary name beside the place, which it gets when all of it is on disk. `before`
 * runs just before that. A failure may leave what has the temporary name.
 */
export async function makeTree(
  ground: Ground,
  place: Place,
  temporary: string,
  fill: (tree: Tree) => Promise<void>,
  before: (made: Mark) => void,
): Promise<void> {
  const { folder, given } = place;
  try {
    const tree = treeIn(anyKind(ground), folder, temporary);
    try {
      await fill(tree);
      await tree.finish(0o777 & ~process.umask());
      before(markOf(tree.located.stats));
    } finally {
      tree.close();
    }
    folder.verify();
    if (lstatSync(place.at, { throwIfNoEntry: false })) throw moveError(given);
    renameSync(`${folder.at}/${temporary}`, place.at);
    await syncFolder(folder);
  } catch (error) {
    throw explain(error, given);
  }
}

function treeIn(ground: Ground, parent: Located, name: string): Tree {
  const at = `${parent.at}/${name}`;
  parent.verify();
  mkdirSync(at, { mode: 0o700 });
  const located = locateIn(ground, parent, name, name);
  return {
    located,
    folder: (child) => treeIn(ground, located, child),
    async finish(mode) {
      await syncFolder(located);
      located.verify();
      // A folder inherits its group from one that says so; that stays.
      chmodSync(located.at, (mode & 0o777) | (located.stats.mode & 0o2000));
    },
    close: () => located.close(),
  };
}
