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
 * @returns `undefined` when no file has the marker
 */
export function insertAt(
  files: ReadonlyMap<string, string>,
  marker: string,
  lineFor: (path: string) => string,
): Insertion | undefined {
  const pattern = new RegExp(`^([ \\t]*)// ${marker}[ \\t]*$`, "m");
  for (const [path, text] of files) {
    const found = pattern.exec(text);
    if (found === null) continue;
    const end = text.includes("\r\n") ? "\r\n" : "\n";
    return { path, text: `${text.slice(0, found.index)}${found[1]}${lineFor(path)}${end}${text.slice(found.index)}` };
  }
  return undefined;
}

/** How a file imports another of the project. */
export function importPath(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}
