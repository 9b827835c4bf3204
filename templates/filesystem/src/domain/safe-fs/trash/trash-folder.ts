import { mkdirSync, writeFileSync } from "node:fs";
import { rootKey } from "../journal/entry.ts";
import type { Journal } from "../journal/journal.ts";
import { type Ground, type Located, locateRoot } from "../locate.ts";
import { locateIn } from "../open.ts";
import type { Root } from "../roots.ts";

/** What is thrown away is not read, so that no policy about reading is asked. */
export const anyKind = (ground: Ground): Ground => ({
  ...ground,
  policy: { strictLinks: false, sameMount: false },
  isDenied: undefined,
  isInner: true,
});

/**
 * The folder in a root where this user's server puts aside what it replaces and deletes: only on the same disk can that
 * be done without a copy. Undefined where there is none, or where it was to be made and the root takes no new entries.
 */
export function openTrash(
  ground: Ground,
  journal: Journal,
  root: Root,
  { make }: { make: boolean },
): Located | undefined {
  const name = journal.trashOf(rootKey(root), { make });
  if (name === undefined) return undefined;
  const any = anyKind(ground);
  const above = locateRoot(any, root, "");
  try {
    const folder =
      openIfThere(any, above, name) ??
      (make && makeTrash(`${above.at}/${name}`) ? locateIn(any, above, name, "") : undefined);
    if (folder === undefined || folder.stats.isDirectory()) return folder;
    folder.close(); // another user's: there is no trash then
    return undefined;
  } finally {
    above.close();
  }
}

function openIfThere(ground: Ground, above: Located, name: string): Located | undefined {
  try {
    return locateIn(ground, above, name, "");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}

function makeTrash(at: string): boolean {
  try {
    mkdirSync(at, { mode: 0o700 });
    // Kept out of commits without a line in the user's own .gitignore.
    writeFileSync(`${at}/.gitignore`, "*\n");
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["EACCES", "EPERM", "EROFS"].includes(code)) return false;
    if (code !== "EEXIST") throw error;
    return true;
  }
}
