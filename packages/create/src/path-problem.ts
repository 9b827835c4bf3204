/** Which paths that come from outside may be written: the one rule for archives, folders, registries and journals. */
import { lstatSync } from "node:fs";
import { join } from "node:path";

/** Folders in which this command keeps what is its own. */
const OWN = /^\.offshoot-(?:update|before)/;

/** Names that Windows keeps for devices, with any ending; blanks before it do not count. */
const DEVICES = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$|clock\$) *(?:\.|$)/;

/** The second name that NTFS may have given another file: `PACKAG~1.JSO` would be written into package.json. */
const SHORT = /^(?=[^.]{1,8}(?:\.|$))[^.]{1,6}~\d+(?:\.[^.]{0,3})?$/;

/** What no name shows, and what breaks a line. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** Longer names cannot be made on any common file system. */
const MAX_PART_BYTES = 255;
const MAX_PATH_BYTES = 1024;

/**
 * A name as a file system may see it that ignores case, composition, invisible characters, what follows a colon, or
 * dots and blanks at the end. Wider than any one of them: APFS and HFS+ ignore some characters, NTFS cuts names.
 * The upper case comes first because two small letters (ı, ſ) have the capitals I and S.
 */
const fold = (part: string): string =>
  part
    .normalize("NFKC")
    .replace(/[\p{C}\p{Default_Ignorable_Code_Point}]/gu, "")
    .toUpperCase()
    .toLowerCase()
    .replace(/:.*$/s, "")
    .replace(/[. ]+$/, "");

/** Whether a part is git's own folder, or its short name on NTFS. Source: git's `is_ntfs_dotgit` and `is_hfs_dotgit`. */
const isGit = (folded: string): boolean => folded === ".git" || /^git~\d+$/.test(folded);

/** Why a path must not be written, in words that follow "which"; `undefined` when it may be. */
export function pathProblem(path: string): string | undefined {
  if (path === "") return "is empty";
  if (!path.isWellFormed() || path.includes("\ufffd")) return "is not valid text";
  if (path.startsWith("/") || /^[a-z]:/i.test(path)) return "is absolute";
  if (path.includes("\\")) return "has a backslash";
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`;
  for (const part of path.split("/")) {
    const problem = partProblem(part);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function partProblem(part: string): string | undefined {
  const folded = fold(part);
  if (part === "") return "has an empty part";
  if (part === "." || part === "..") return `has the part "${part}"`;
  if (isGit(folded)) return "is git's own";
  if (OWN.test(folded)) return "is this command's own";
  if (INVISIBLE.test(part)) return "has an invisible character";
  if (part.includes(":")) return "has a colon";
  if (/[. ]$/.test(part)) return "has a part that ends with a dot or a blank";
  if (folded === "node_modules" && part !== folded) return "is another spelling of node_modules";
  if (DEVICES.test(folded)) return "is a device on Windows";
  if (SHORT.test(folded)) return "is a short name of another file on Windows";
  if (Buffer.byteLength(part) > MAX_PART_BYTES) return `has a part longer than ${MAX_PART_BYTES} bytes`;
  return undefined;
}

/** Two paths that are one file, or a file and a folder, where names are folded; `undefined` when all are different. */
export function samePlace(paths: Iterable<string>): [string, string] | undefined {
  const files = new Map<string, string>();
  for (const path of paths) {
    const place = path.split("/").map(fold).join("/");
    const other = files.get(place);
    if (other !== undefined) return [other, path];
    files.set(place, path);
  }
  for (const [place, path] of files)
    for (let at = place.indexOf("/"); at !== -1; at = place.indexOf("/", at + 1)) {
      const other = files.get(place.slice(0, at));
      if (other !== undefined) return [other, path];
    }
  return undefined;
}

/** The part of a path below `folder` that is a link on the way to its last part; `undefined` when there is none. */
export function linkOnTheWay(folder: string, path: string): string | undefined {
  const parts = path.split("/");
  for (let count = 1; count < parts.length; count++) {
    const part = parts.slice(0, count).join("/");
    if (lstatSync(join(folder, part), { throwIfNoEntry: false })?.isSymbolicLink()) return part;
  }
  return undefined;
}
