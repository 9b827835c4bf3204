import { FilesError } from "../errors.ts";
import type { Copied, MoveOptions } from "../files.ts";
import { refuseMisleading } from "../safe-fs/names.ts";
import { directoryOf, fileOf, findPath } from "../safe-fs/open.ts";
import type { Place } from "../safe-fs/place.ts";
import { showPath } from "../safe-fs/refusals.ts";
import type { OpenDirectory, OpenFile } from "../safe-fs/safe-fs.ts";
import { addFile, type Fill } from "../safe-fs/writing/replace-file.ts";
import { makeTree, type Tree } from "../safe-fs/writing/tree.ts";
import { intoItself, refuseReplacing } from "./arrange.ts";
import { atPlace, type Desk } from "./desk.ts";
import { temporaryOf } from "./take-back.ts";
import { spotOf, withJournal } from "./with-journal.ts";
import { putFile } from "./write.ts";

const deepest = 256;
const mostFiles = 100_000;
const step = 1024 * 1024;

/**
 * Copies a file, or a folder with all regular files and folders in it. Links are followed for the source itself only.
 */
export async function copy(
  desk: Desk,
  source: string,
  destination: string,
  options: MoveOptions = {},
): Promise<Copied> {
  return atPlace(desk, destination, { follow: false, signal: options.signal }, async (place) => {
    const found = findPath(desk.ground, source);
    try {
      if (place.existing) refuseReplacing(desk, place, found.stats.isDirectory(), options.overwrite ?? false);
    } catch (error) {
      found.close();
      throw error;
    }
    if (found.stats.isDirectory())
      return copyFolder(desk, directoryOf(desk.ground, found, source), place, source, options);
    const file = fileOf(found, source);
    try {
      const { size, mode } = file.facts;
      const change = { action: "copy" as const, path: source, destination };
      let bytes = 0;
      const fill = pour(file, options.signal, (count) => {
        bytes += count;
      });
      await putFile(desk, place, change, size, fill, { mode, signal: options.signal });
      return { files: 1, bytes, skipped: 0 };
    } finally {
      file.close();
    }
  });
}

const pour =
  (file: OpenFile, signal: AbortSignal | undefined, onBytes: (count: number) => void): Fill =>
  async (write) => {
    const buffer = Buffer.allocUnsafe(Math.min(step, file.facts.size + 1));
    for (let position = 0; ; ) {
      signal?.throwIfAborted();
      const count = await file.read(buffer, position);
      if (count === 0) return;
      await write(buffer.subarray(0, count));
      position += count;
      onBytes(count);
    }
  };

async function copyFolder(
  desk: Desk,
  from: OpenDirectory,
  place: Place,
  source: string,
  { signal }: MoveOptions,
): Promise<Copied> {
  try {
    const key = [from.root.real, ...(from.relative === "" ? [] : [from.relative])].join("/");
    if (`${place.key}/`.startsWith(`${key}/`)) throw intoItself(source);
    const copied: Copied = { files: 0, bytes: 0, skipped: 0 };
    const change = { action: "copy" as const, path: source, destination: place.given };
    refuseMisleading(place.name, place.given);
    const { journal } = await desk.book();
    await withJournal(desk, { ...change, at: spotOf(place) }, [place], (entry) =>
      makeTree(
        desk.ground,
        place,
        temporaryOf(entry),
        (tree) => copyInto(desk, from, tree, place, copied, 1, signal),
        (made) => {
          entry.change.made = made;
          journal.save(entry);
        },
      ),
    );
    desk.tell("created", place.folder, place.name);
    return copied;
  } finally {
    from.close();
  }
}

async function copyInto(
  desk: Desk,
  from: OpenDirectory,
  to: Tree,
  place: Place,
  copied: Copied,
  depth: number,
  signal?: AbortSignal,
): Promise<void> {
  if (depth > deepest)
    throw new FilesError("too_large", `${showPath(place.given)}: folders deeper than ${deepest} are not copied.`);
  for (const { name, type } of from.entries()) {
    signal?.throwIfAborted();
    if (from.isDenied(name)) copied.skipped++;
    else if (type === "directory") {
      const child = from.openDirectory(name);
      let made: Tree | undefined;
      try {
        made = to.folder(name);
        await copyInto(desk, child, made, place, copied, depth + 1, signal);
        await made.finish(child.facts.mode);
      } finally {
        child.close();
        made?.close();
      }
    } else if (type === "file") {
      if (copied.files >= mostFiles)
        throw new FilesError("too_large", `More than ${mostFiles} files. Copy smaller folders.`);
      const file = from.openFile(name, type);
      try {
        const added = { bytes: file.facts.size, files: 1 };
        const fill = pour(file, signal, (count) => {
          copied.bytes += count;
        });
        await desk.quota.reserving(place.folder.root, added, signal, () =>
          addFile(to.located, name, fill, file.facts.mode),
        );
        copied.files++;
      } finally {
        file.close();
      }
    } else copied.skipped++;
  }
}
