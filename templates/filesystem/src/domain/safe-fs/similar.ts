import { readdirSync } from "node:fs";
import { type Ground, locate } from "./locate.ts";
import { isReserved } from "./paths.ts";
import type { Root } from "./roots.ts";

const mostEntries = 20_000;

/**
 * What may have been meant where a name does not exist: one that differs in case, or in how its letters are composed
 * (é as one character or as two). Only ever a suggestion: another name is another file.
 */
export function similarName(ground: Ground, root: Root, parts: readonly string[], given: string): string {
  const wanted = parts.at(-1) ?? "";
  try {
    const folder = locate(ground, root, parts.slice(0, -1), given);
    try {
      const names = readdirSync(folder.at)
        .slice(0, mostEntries)
        .filter((name) => !isReserved(name));
      const composed = names.find((name) => name.normalize() === wanted.normalize());
      if (composed !== undefined) {
        const form = composed === composed.normalize() ? "NFC" : "NFD";
        return ` There is a name that looks the same but is made of other characters (Unicode ${form}); use it exactly as list_directory gives it.`;
      }
      const fold = (name: string) => name.normalize().toLowerCase();
      const cased = names.find((name) => fold(name) === fold(wanted));
      return cased === undefined ? "" : ` There is ${JSON.stringify(cased)}, which differs in case.`;
    } finally {
      folder.close();
    }
  } catch {
    return ""; // its folder is missing too
  }
}
