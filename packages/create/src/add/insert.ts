import { posix } from "node:path";

/** A file of the project that has a marker, and what comes before it. */
export interface Insertion {
  path: string;
  text: string;
}

/**
 * Puts a line before each `// <marker>` comment, as far indented as that. Text, not a syntax tree: tools that print one
 * again move comments and break lines elsewhere in the file.
 *
 * @returns how many places have the marker, when it is not one: which of several is meant, nobody can tell
 */
export function insertAt(
  files: ReadonlyMap<string, string>,
  marker: string,
  lineFor: (path: string) => string,
): Insertion | number {
  const pattern = new RegExp(`^([ \\t]*)// ${marker}[ \\t]*$`, "gm");
  const places = [...files].flatMap(([path, text]) =>
    [...text.matchAll(pattern)].map((found) => ({ path, text, found })),
  );
  const [place] = places;
  if (place === undefined || places.length > 1) return places.length;
  const { path, text, found } = place;
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  return { path, text: `${text.slice(0, found.index)}${found[1]}${lineFor(path)}${end}${text.slice(found.index)}` };
}

/** How a file imports another of the project. */
export function importPath(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}
