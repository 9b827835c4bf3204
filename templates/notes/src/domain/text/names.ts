/** What a note is called by a link, best first: its file or title, its id, a title beside its file name, an alias. */
export type NameKind = 0 | 1 | 2 | 3;

/** A name of a note, as links are compared with it. */
export interface Name {
  /** The last part of the name. */
  key: string;
  /** The whole of it. */
  own: string;
  /** With the folder before it. */
  path: string;
  kind: NameKind;
}

/** A link as it is compared with names; a path that begins with "/" is the whole path. */
export interface LinkKey {
  key: string;
  path: string;
}

/** Texts that differ only in capitals, blanks or Unicode composition are one name. */
export const titleKey = (title: string): string => title.normalize("NFC").trim().replace(/\s+/g, " ").toLowerCase();

export const lastPart = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

export const withoutExtension = (file: string): string => file.replace(/\.md$/i, "");

export const joinPath = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

/** The parts of a path without "." and "..", or undefined where it leads out of the vault. */
function resolvePath(folder: string, path: string): string | undefined {
  const parts: string[] = folder === "" ? [] : folder.split("/");
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

export function linkKeyOf(target: string, folder: string): LinkKey {
  const path = withoutExtension(titleKey(target));
  const whole = /^\.\.?\//.test(path)
    ? resolvePath(titleKey(folder), path)
    : path.startsWith("/")
      ? path.slice(1)
      : undefined;
  const key = lastPart(path);
  return { key, path: whole === undefined ? path : `/${whole}` };
}

export interface Named extends Name {
  number: number;
  /** Of the note, as titleKey makes it. */
  folder: string;
}

/**
 * The note that a link in a folder leads to, as Obsidian decides between several: the exact path, the same folder, the
 * shortest path; the oldest note then.
 */
export function pick(names: Named[], { key, path }: LinkKey, folder: string): number | undefined {
  const whole = path.startsWith("/") ? path.slice(1) : undefined;
  const fits = (name: Named) =>
    name.key === key &&
    (whole === undefined
      ? name.path === path || (path.length >= name.own.length && name.path.endsWith(`/${path}`))
      : name.path === whole && name.kind % 2 === 0);
  const rank = (name: Named) => [
    name.kind,
    name.path === path ? 0 : 1,
    name.folder === folder ? 0 : 1,
    [...name.path].length,
    name.number,
  ];
  const compare = (a: Named, b: Named) => {
    const other = rank(b);
    return (
      rank(a)
        .map((own, at) => own - (other[at] ?? 0))
        .find((difference) => difference !== 0) ?? 0
    );
  };
  return names.filter(fits).sort(compare)[0]?.number;
}
