/** One file, as git knows files. */
export interface FileEntry {
  /** Content, or where a link leads. */
  bytes: Buffer;
  executable: boolean;
  link?: true;
}

/** A folder's files by path, with `/` between folders. */
export type Files = Map<string, FileEntry>;

export const sameFile = (a: FileEntry | undefined, b: FileEntry | undefined): boolean =>
  a === b ||
  (a !== undefined && b !== undefined && a.executable === b.executable && a.link === b.link && a.bytes.equals(b.bytes));

/** What another copy of a folder has that this one has not. */
export interface Difference {
  changed: string[];
  added: string[];
  removed: string[];
}

/** From one state of a folder to another. */
export function differenceOf(before: Files, after: Files): Difference {
  const paths = (files: Files, keep: (path: string) => boolean): string[] => [...files.keys()].filter(keep).sort();
  return {
    changed: paths(after, (path) => before.has(path) && !sameFile(before.get(path), after.get(path))),
    added: paths(after, (path) => !before.has(path)),
    removed: paths(before, (path) => !after.has(path)),
  };
}
