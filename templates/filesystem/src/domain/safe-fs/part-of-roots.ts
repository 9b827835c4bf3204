import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { rules } from "./locate.ts";
import { below } from "./paths.ts";
import { type Root, withoutLinks } from "./roots.ts";

/** Whether a folder, as it stands now, is a root or in it. */
export const isIn = ({ real }: Root, folder: string): boolean => below(real, withoutLinks(folder), rules) !== undefined;

/** Why a folder cannot be one that some callers are kept to. */
export function problemOf(folder: string, roots: readonly Root[]): string | undefined {
  const given = roots.map((root) => JSON.stringify(root.given)).join(", ");
  if (!isAbsolute(folder)) return `${JSON.stringify(folder)} must be an absolute path.`;
  if (!roots.some((root) => isIn(root, folder)))
    return `${JSON.stringify(folder)} is in none of the folders that the server was started with (${given}). Start it with that folder, too, or name another.`;
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    return `${JSON.stringify(folder)} is no folder. Make it, or name another.`;
  return undefined;
}
