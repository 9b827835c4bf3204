import { chmodSync, lstatSync, mkdirSync, renameSync } from "node:fs";
import type { Ground, Located } from "../locate.ts";
import { locateIn } from "../open.ts";
import type { Place } from "../place.ts";
import { explained } from "../refusals.ts";
import type { Mark } from "../trash/journal.ts";
import { markOf } from "../trash/trash.ts";
import { syncFolder } from "./on-disk.ts";
import { removeTree } from "./remove-tree.ts";
import { announce, temporaryName } from "./temporary.ts";

/** A new folder that is being filled. */
export interface Tree {
  located: Located;
  folder(name: string): Tree;
  /** Everything in it is there: its mode, and to disk. */
  finish(mode: number): Promise<void>;
  close(): void;
}

/** Makes a folder with content under a temporary name beside the place, which it gets when all of it is on disk. */
export async function makeTree(
  ground: Ground,
  place: Place,
  fill: (
    tree: Tree,
    announceMade: (keep: (relative: string[], made: Mark) => Promise<unknown>) => Promise<void>,
  ) => Promise<void>,
): Promise<void> {
  const { folder, given } = place;
  const name = temporaryName();
  const forget = announce(folder, name);
  try {
    const tree = treeIn(ground, folder, name);
    try {
      await fill(tree, async (keep) => {
        await tree.finish(0o777 & ~process.umask());
        await keep([...folder.relative, place.name], markOf(tree.located.stats));
      });
    } finally {
      tree.close();
    }
    folder.verify();
    if (lstatSync(place.at, { throwIfNoEntry: false })) throw Object.assign(new Error("exists"), { code: "EEXIST" });
    renameSync(`${folder.at}/${name}`, place.at);
    await syncFolder(folder);
  } catch (error) {
    removeTree(ground, folder, name);
    throw explained(error, given);
  } finally {
    forget();
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
      chmodSync(located.at, mode & 0o777);
    },
    close: () => located.close(),
  };
}
