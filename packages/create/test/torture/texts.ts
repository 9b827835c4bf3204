import { dirname, join, relative } from "node:path/posix";

/** Text files by path. Binary content stands as latin1 under a name that ends in `.png`. */
export type Texts = Map<string, string>;

/** Numbers between 0 and 1 that follow from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Moves files and mends every relative import, as an editor does. */
export function moveFiles(files: Texts, newName: (path: string) => string): Texts {
  const moved: Texts = new Map();
  for (const [path, text] of files) {
    const home = newName(path);
    const mended = !path.endsWith(".ts")
      ? text
      : text.replaceAll(/(from |import\()"(\.{1,2}\/[^"]+)"/g, (whole, start: string, specifier: string) => {
          const target = join(dirname(path), specifier);
          if (newName(target) === target && home === path) return whole;
          const way = relative(dirname(home), newName(target));
          return `${start}"${way.startsWith(".") ? way : `./${way}`}"`;
        });
    moved.set(home, mended);
  }
  return moved;
}

/** Lines to which a comment can be added without a change of meaning. */
export function plainLines(text: string): number[] {
  return text
    .split("\n")
    .map((line, index) => [line, index] as const)
    .filter(([line]) => /^\s*(import|export|const|return|if|for|await|throw)\b.*;$/.test(line) && !line.includes("`"))
    .map(([, index]) => index);
}

/** Files whose lines are safe to touch: no SQL, no fixtures in texts. */
export const touchable = (files: Texts): string[] =>
  [...files.keys()]
    .filter((path) => /^(src|test)\/.*\.ts$/.test(path) && !/sqlite|migrations|from-markdown/.test(path))
    .filter((path) => plainLines(files.get(path) as string).length > 3)
    .sort();

/** Adds a comment to the end of a line. */
export function mark(files: Texts, path: string, line: number, token: string): void {
  const lines = (files.get(path) as string).split("\n");
  lines[line] = `${lines[line]} // ${token}`;
  files.set(path, lines.join("\n"));
}

/** Adds a line of its own. */
export function insert(files: Texts, path: string, line: number, token: string): void {
  const lines = (files.get(path) as string).split("\n");
  lines.splice(line, 0, `// ${token}`);
  files.set(path, lines.join("\n"));
}

/** The file below a folder that exports a name. Throws when a template has moved on and the trial has not. */
export function fileExporting(files: Texts, folder: string, name: string): string {
  const exported = new RegExp(`^export (?:const|function) ${name}\\b`, "m");
  const found = [...files].find(([path, text]) => path.startsWith(folder) && exported.test(text));
  if (found === undefined) throw new Error(`No file below ${folder} exports ${name}: the trial needs another name.`);
  return found[0];
}
