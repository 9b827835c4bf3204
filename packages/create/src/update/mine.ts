import picomatch from "picomatch";
import type { Marker } from "../marker.ts";
import type { FileEntry, Files } from "./files.ts";

/** Files that every project needs from both sides, even where they are claimed. */
const SHARED = ["package.json", "offshoot.json"];

/** The files of a release that a project calls its own (`mine` in offshoot.json): an update leaves them alone. */
export const ownFiles = (files: Files, marker: Marker): Files => filterFiles(files, marker, true);

/** The other ones. */
export const withoutOwn = (files: Files, marker: Marker): Files => filterFiles(files, marker, false);

function filterFiles(files: Files, { mine = [] }: Marker, wanted: boolean): Files {
  // A folder is claimed by its name, too, as in a .gitignore: as a glob alone, `src/tools` would claim nothing.
  const globs = mine.flatMap((glob) => (glob.startsWith("!") ? [glob] : [glob, `${glob.replace(/\/+$/, "")}/**`]));
  const isMine = mine.length === 0 ? () => false : picomatch(globs, { dot: true });
  const keep = ([path]: [string, FileEntry]): boolean => (isMine(path) && !SHARED.includes(path)) === wanted;
  return new Map([...files].filter(keep));
}
