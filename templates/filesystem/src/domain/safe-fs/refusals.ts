import { FilesError, type FilesErrorCode } from "../errors.ts";
import { escapeMisleading } from "../misleading.ts";
import { Narrowed } from "../narrow.ts";

/** A path as the caller gave it, fit for a message: one line, not too long. */
export function showPath(path: string): string {
  const line = path.toWellFormed();
  const short = line.length <= 200 ? line : `${line.slice(0, 100).toWellFormed()}…${line.slice(-60).toWellFormed()}`;
  return `"${escapeMisleading(short)}"`;
}

export const outside = (path: string) =>
  new FilesError(
    "refused",
    `${showPath(path)} is outside the allowed folders. Call list_allowed_directories to see them.`,
  );

/** One text for both cases: telling them apart would tell what exists outside. */
export const badLink = (path: string) =>
  new FilesError(
    "refused",
    `${showPath(path)} is or goes over a link that leads outside the allowed folders, or nowhere. Call list_allowed_directories to see them.`,
  );

export const outsideCaller = (path: string) =>
  new Narrowed(
    "refused",
    `${showPath(path)} is outside the folders that your client works in. Call list_allowed_directories to see them.`,
  );

export const denyError = (path: string) =>
  new FilesError(
    "refused",
    `${showPath(path)} is kept from you by the user's settings (--deny). Do without it, or ask the user to allow it.`,
  );

export const missing = (path: string, suggestion = "") =>
  new FilesError("not_found", `There is no ${showPath(path)}.${suggestion} Call list_directory to see what is there.`);

export const notRegular = (path: string) =>
  new FilesError(
    "wrong_kind",
    `${showPath(path)} is not a regular file. Folders are read with list_directory; devices, pipes and sockets are not read at all.`,
  );

export const notDirectory = (path: string) =>
  new FilesError("wrong_kind", `${showPath(path)} is not a folder. Read files with read_text_file.`);

export const rootReplacement = () =>
  new FilesError(
    "refused",
    "An allowed folder was moved or replaced since the server started. Ask the user to restart the server.",
  );

const texts: Record<string, [FilesErrorCode, (path: string) => string]> = {
  ENOENT: ["not_found", (path) => missing(path).message],
  ENOTDIR: ["not_found", (path) => `There is no ${path}: a part of it is a file, not a folder. Call list_directory.`],
  EEXIST: ["exists", (path) => `${path} exists already. Choose another name, or ask to overwrite it.`],
  ENOTEMPTY: ["exists", (path) => `${path} is a folder with content. Choose another name.`],
  EISDIR: ["wrong_kind", (path) => `${path} is a folder, where a file is needed.`],
  ENXIO: ["wrong_kind", (path) => `${path} is not a regular file.`],
  EACCES: [
    "permission",
    (path) => `The system does not permit this for ${path}. Ask the user to change its permissions.`,
  ],
  EROFS: ["permission", (path) => `${path} is on a disk that is read-only. Choose another place.`],
  ETXTBSY: ["permission", (path) => `${path} is a program that is running. Try again when it has ended.`],
  EBUSY: ["permission", (path) => `${path} is in use by the system. Try again later, or choose another.`],
  ENAMETOOLONG: ["invalid", (path) => `${path} is too long for a path or a name. Choose a shorter one.`],
  EINVAL: ["invalid", (path) => `The system does not take ${path} for this. Choose another name.`],
  EILSEQ: ["invalid", (path) => `The disk cannot hold the name ${path}. Choose another one.`],
  EXDEV: ["refused", (path) => `${path} is on another disk. Copy it, and remove the original.`],
  ENOSPC: ["storage", (path) => `The disk is full: ${path} was not changed. Ask the user to make room.`],
  EDQUOT: [
    "storage",
    (path) => `The user's disk quota is used up: ${path} was not changed. Ask the user to make room.`,
  ],
  EFBIG: ["storage", (path) => `The disk takes no file of this size: ${path} was not changed.`],
  EIO: ["storage", (path) => `The disk failed at ${path}. Tell the user.`],
  EMFILE: ["storage", (path) => `Too many files are open to open ${path}. Try again in a moment.`],
};
const twins: Record<string, string> = { EPERM: "EACCES", ENFILE: "EMFILE" };

/** A failure of the system in our words. What is no failure of the system stays as it is. */
export function explain(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof FilesError || code === undefined) return error;
  if (code === "ELOOP") return badLink(path);
  const [kind, text] = texts[twins[code] ?? code] ?? [];
  return kind === undefined || text === undefined
    ? error
    : new FilesError(kind, code === "ENOENT" ? text(path) : text(showPath(path)), { cause: error });
}

export function explaining<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw explain(error, path);
  }
}
