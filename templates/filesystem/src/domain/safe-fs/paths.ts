/** Decisions about paths that need no disk, so that every system's are tested on any system. */
import type { PlatformPath } from "node:path";
import { FilesError } from "../errors.ts";
import { outside, showPath } from "./refusals.ts";

export interface RootNames {
  given: string;
  real: string;
}

export interface PathRules {
  platform: NodeJS.Platform;
  path: PlatformPath;
  home: string;
}

export interface Wanted<Root extends RootNames> {
  root: Root;
  /** The names below the root: no "..", none empty. */
  parts: string[];
}

// Linux takes 4,096 bytes with the final NUL; the rest is for the prefix that stands for the root.
const mostPathBytes = 4_000;
const mostNameBytes = 255;

/** Which root a path belongs to by its letters, and where in it. A relative path belongs to the first root. */
export function findRoot<Root extends RootNames>(path: string, roots: readonly Root[], rules: PathRules): Wanted<Root> {
  refuseOdd(path);
  const { path: paths, home } = rules;
  const expanded = path === "~" || /^~[/\\]/.test(path) ? paths.join(home, path.slice(1)) : path;
  const normal = paths.normalize(expanded);
  const [first] = roots;
  let found: { root: Root; rest: string } | undefined;
  if (!paths.isAbsolute(normal)) {
    if (first !== undefined && !startsUpwards(normal)) found = { root: first, rest: normal === "." ? "" : normal };
  } else {
    let longest = -1;
    for (const root of roots) {
      for (const name of [root.given, root.real]) {
        const rest = below(name, normal, rules);
        if (rest === undefined || name.length <= longest) continue;
        longest = name.length;
        found = { root, rest };
      }
    }
  }
  if (found === undefined) throw outside(path);
  const parts = found.rest.split(paths.sep).filter((part) => part !== "" && part !== ".");
  for (const part of parts) refuseName(part, path, rules);
  return { root: found.root, parts };
}

const startsUpwards = (path: string): boolean => /^\.\.([/\\]|$)/.test(path);

/** What of a path lies below a folder: "" for the folder itself, undefined where it lies elsewhere. */
export function below(folder: string, path: string, { platform, path: paths }: PathRules): string | undefined {
  const fold = (text: string) => (platform === "win32" || platform === "darwin" ? text.toLowerCase() : text);
  const start = folder.endsWith(paths.sep) ? folder : folder + paths.sep;
  if (fold(path) === fold(folder) || fold(path) === fold(start)) return "";
  return fold(path.slice(0, start.length)) === fold(start) ? path.slice(start.length) : undefined;
}

function refuseOdd(path: string): void {
  if (path === "") throw new FilesError("invalid", "The path is empty. Give a path inside an allowed folder.");
  if (path.includes("\0"))
    throw new FilesError("invalid", `${showPath(path)} contains a NUL character. Give a real path.`);
  // It would reach the disk as another name.
  if (!path.isWellFormed()) throw new FilesError("invalid", `${showPath(path)} is not well-formed Unicode.`);
  if (Buffer.byteLength(path) > mostPathBytes) {
    throw new FilesError("invalid", `${showPath(path)} is longer than ${mostPathBytes} bytes. Give a shorter path.`);
  }
}

/** Names that Windows gives a meaning of its own: devices, streams of a file, endings that it drops. */
const windowsOdd = /[:*?"<>|]|[. ]$|^(con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])([ .].*)?$/i;

function refuseName(name: string, path: string, { platform }: PathRules): void {
  if (Buffer.byteLength(name) > mostNameBytes) {
    throw new FilesError(
      "invalid",
      `${showPath(path)} has a name longer than ${mostNameBytes} bytes. Give a shorter one.`,
    );
  }
  if (platform === "win32" && windowsOdd.test(name)) {
    throw new FilesError("invalid", `${showPath(path)} has a name that Windows keeps for itself. Choose another one.`);
  }
  if (isReserved(name)) throw reservedError(path);
}

/** How the names of the server's own things in a root begin: its trash, and what it has not finished yet. */
export const trashPrefix = ".offshoot-trash-";
export const temporaryPrefix = ".offshoot-tmp-";
/** Where an early version had its trash. */
const formerTrash = ".offshoot";

/** The server's own: never shown, never opened by name. Disks may ignore case. */
export function isReserved(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === formerTrash || lower.startsWith(trashPrefix) || lower.startsWith(temporaryPrefix);
}

export const reservedError = (path: string) =>
  new FilesError(
    "refused",
    `${showPath(path)} belongs to this server's own trash or journal. Use undo_last to bring things back.`,
  );

/** Places of the system that look like files and are none. */
export function isSystemPlace(real: string, platform: NodeJS.Platform): boolean {
  if (platform === "win32") return /^\\\\[.?]\\(?!unc\\|[a-z]:)/i.test(real);
  return /^\/(proc|sys|dev)(\/|$)/.test(real) && !/^\/dev\/shm(\/|$)/.test(real);
}
