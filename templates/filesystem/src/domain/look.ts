import type { Desk } from "./change/desk.ts";
import { FilesError } from "./errors.ts";
import type { FileInfo, ListedEntry, Waiting } from "./files.ts";
import { type Ground, rules } from "./safe-fs/locate.ts";
import { factsOf, findPath } from "./safe-fs/open.ts";
import { findRoot } from "./safe-fs/paths.ts";
import { openPlace } from "./safe-fs/place.ts";
import { missing, showPath } from "./safe-fs/refusals.ts";

export function statPath(
  { ground }: Desk,
  path: string,
  { follow = true }: { follow?: boolean | undefined } = {},
): FileInfo {
  if (!follow) return statEntry(ground, path);
  const { root, parts } = findRoot(path, ground.roots, rules);
  const found = findPath(ground, path);
  try {
    const link = found.root !== root || found.relative.join("/") !== parts.join("/");
    return { ...factsOf(found.stats), path, link };
  } finally {
    found.close();
  }
}

function statEntry(ground: Ground, path: string): FileInfo {
  const place = openPlace(ground, path, { follow: false });
  place.close();
  if (place.existing === undefined) throw missing(path);
  return { ...factsOf(place.existing), path, link: place.existing.isSymbolicLink() };
}

const turn = 500;

/** What stands in one folder. With facts, each entry is looked at. */
export async function listPath(
  { safeFs, limits }: Desk,
  path: string,
  { facts = false, signal }: { facts?: boolean | undefined } & Waiting = {},
): Promise<ListedEntry[]> {
  const directory = safeFs.openDirectory(path);
  try {
    const entries = directory.entries();
    if (entries.length > limits.entries) {
      throw new FilesError(
        "too_large",
        `${showPath(path)} has ${entries.length} entries, more than ${limits.entries}. Use search_files.`,
      );
    }
    if (!facts) return entries;
    const listed: ListedEntry[] = [];
    for (const entry of entries) {
      if (listed.length % turn === turn - 1) await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      const found = directory.factsOf(entry.name);
      listed.push({ ...entry, ...(found && { facts: found }) });
    }
    return listed;
  } finally {
    directory.close();
  }
}
