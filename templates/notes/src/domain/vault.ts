import { constants, type Stats } from "node:fs";
import { type FileHandle, open, readdir, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { NotesError } from "./errors.ts";

/** Deeper folders are refused: a path has to fit into what systems take. */
const deepest = 64;

/** What a walk found. Paths are relative, with "/", sorted. */
export interface Vault {
  notes: string[];
  others: string[];
  refused: { file: string; reason: string }[];
}

/** Every file in a folder and below it. Hidden ones are left out; links and folders that are too deep are refused. */
export async function walk(folder: string): Promise<Vault> {
  const vault: Vault = { notes: [], others: [], refused: [] };
  const waiting = [""];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const file = path === "" ? entry.name : `${path}/${entry.name}`;
      const refuse = (reason: string) => vault.refused.push({ file, reason });
      if (entry.isSymbolicLink()) refuse("It is a link: only files inside the folder are read.");
      else if (entry.isDirectory() && file.split("/").length >= deepest)
        refuse(`It is more than ${deepest} folders deep. Move it up, or import a folder that is nearer to it.`);
      else if (entry.isDirectory()) waiting.push(file);
      else if (!entry.isFile()) refuse("It is a pipe, a socket or a device, not a file.");
      else if (/\.(md|markdown)$/i.test(entry.name)) vault.notes.push(file);
      else vault.others.push(file);
    }
  }
  vault.notes.sort();
  vault.others.sort();
  return vault;
}

/** O_NOFOLLOW: the file may have become a link since it was listed; O_NONBLOCK: a pipe would wait for ever. */
const readOnly = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * A file of a folder, opened without following a link on the way: what was opened is looked at, not what the path meant a
 * moment before. `folder` is a real path. The caller closes it.
 */
export async function openInside(folder: string, file: string): Promise<{ handle: FileHandle; stats: Stats }> {
  const path = join(folder, file);
  const handle = await open(path, readOnly);
  try {
    const stats = await handle.stat();
    const opened = process.platform === "linux" ? await readlink(`/proc/self/fd/${handle.fd}`) : await realpath(path);
    if (opened !== path || !stats.isFile())
      throw new NotesError("refused", "It is reached through a link: only files inside the folder are read.");
    return { handle, stats };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A system's reason not to read or write, as a refusal. Other errors come back as they are. */
export function toStorageError(error: unknown, what: string): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reasons: Record<string, string> = {
    ENOSPC: "the disk is full",
    EDQUOT: "the disk quota is used up",
    EFBIG: "a file would be larger than this system lets it be",
    EROFS: "the disk is read-only",
    EACCES: "this server may not write there",
    EPERM: "this server may not write there",
    EIO: "the disk is failing",
    EXDEV: "it is on another disk",
    ENAMETOOLONG: "a path would be too long for this system",
    EMFILE: "too many files are open",
  };
  const reason = reasons[code];
  return reason === undefined ? error : new NotesError("storage", `${what}: ${reason}.`, { cause: error });
}
