import { readdirSync } from "node:fs";
import { escapeMisleading } from "../misleading.ts";
import { type Ground, type Located, locate } from "./locate.ts";
import { isReserved } from "./paths.ts";
import type { Root } from "./roots.ts";

const mostEntries = 20_000;

/** One form for all names that look the same: é as one character or two, and every kind of blank. */
const looks = (name: string) => name.normalize("NFKC").replace(/\s+/g, " ");

/**
 * What may have been meant where a path does not exist: at the first of its names that is missing, one that looks the
 * same, or differs in case. Only ever a suggestion: another name is another file.
 */
export function similarName(ground: Ground, root: Root, parts: readonly string[], given: string): string {
  for (let depth = parts.length - 1; depth >= 0; depth--) {
    try {
      const folder = locate(ground, root, parts.slice(0, depth), given);
      try {
        const wanted = parts[depth] ?? "";
        const names = namesIn(folder);
        const same = names.find((name) => looks(name) === looks(wanted));
        if (same !== undefined) {
          return ` There is ${quote(same)}, which looks like ${quote(wanted)} but is made of other characters (${difference(same, wanted)}); use it exactly as list_directory gives it.`;
        }
        const fold = (name: string) => looks(name).toLowerCase();
        const cased = names.find((name) => fold(name) === fold(wanted));
        return cased === undefined ? "" : ` There is ${quote(cased)}, which differs in case.`;
      } finally {
        folder.close();
      }
    } catch {
      // Its folder is missing too: the name of that one is what to look at.
    }
  }
  return "";
}

/** A name in a folder that looks the same as one that is about to be made there. */
export const lookAlikeIn = (folder: Located, wanted: string): string | undefined =>
  namesIn(folder).find((name) => name !== wanted && looks(name) === looks(wanted));

const namesIn = (folder: Located): string[] =>
  readdirSync(folder.at)
    .slice(0, mostEntries)
    .filter((name) => !isReserved(name));

const quote = (name: string) => escapeMisleading(JSON.stringify(name));

/** In what they differ: their Unicode form, or the first character that is another one. */
function difference(there: string, wanted: string): string {
  if (there.normalize() === wanted.normalize()) return `Unicode ${there === there.normalize() ? "NFC" : "NFD"}`;
  const [one, other] = [[...there], [...wanted]];
  const at = one.findIndex((sign, index) => sign !== other[index]);
  return `U+${(one[at]?.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")} in it`;
}
