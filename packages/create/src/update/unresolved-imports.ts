import { posix } from "node:path";
import type { FileEntry, Files } from "./files.ts";

const SOURCE = /\.[cm]?[jt]sx?$/;
const RELATIVE = /\b(?:from|import)\s*\(?\s*["'](\.\.?\/[^"']+)["']/g;

/**
 * Relative imports in new files that lead to no file of the project: upstream's new file needs one that was deleted or
 * moved here. A hint that names both; whether the project works is for its gates to say.
 */
export function unresolvedImports(changes: ReadonlyMap<string, FileEntry | undefined>, yours: Files): string[] {
  const exists = (path: string): boolean => (changes.has(path) ? changes.get(path) !== undefined : yours.has(path));
  const found: string[] = [];
  for (const [path, entry] of changes) {
    if (entry === undefined || yours.has(path) || !SOURCE.test(path)) continue;
    for (const [, target = ""] of entry.bytes.toString("utf8").matchAll(RELATIVE)) {
      const file = posix.join(posix.dirname(path), target.replace(/[?#].*$/, ""));
      // Written ".js" for a ".ts" file, or without an ending.
      const names = [file, file.replace(/\.([cm]?)js$/, ".$1ts"), `${file}.ts`, `${file}.js`, `${file}/index.ts`];
      if (!names.some(exists)) found.push(`${path}: ${target}`);
    }
  }
  return found;
}
