import type { Entry, OpenDirectory } from "./safe-fs.ts";

export interface Walked extends Entry {
  /** Below the folder where the walk began, with "/" between the parts. */
  path: string;
  /** 1 for what stands in the first folder. */
  depth: number;
  /** The folder it stands in: open until the next step of the walk. Open the file by `directory.openFile(name)`. */
  directory: OpenDirectory;
}

export interface WalkOptions {
  /** @default no limit */
  maxDepth?: number | undefined;
  /** Goes on behind this path, as an earlier walk yielded it. */
  after?: string | undefined;
  /** Whether to go into a folder. @default always */
  enter?: ((walked: Walked) => boolean) | undefined;
  /** A folder that cannot be opened is left out; this hears of it. */
  onSkipped?: ((path: string) => void) | undefined;
}

/**
 * Everything below a folder, parents before children, sorted by name in each folder. Links are told and not followed,
 * so that no walk goes round. It blocks between steps only: give the event loop a turn now and then.
 */
export function* walk(start: OpenDirectory, options: WalkOptions = {}): Generator<Walked, void, void> {
  const { maxDepth = Number.POSITIVE_INFINITY, enter } = options;
  // A loop and not a recursion: folders can be deeper than a stack.
  const way: Level[] = [levelOf(start, "", options.after?.split("/") ?? [])];
  try {
    for (let level = way.at(-1); level !== undefined; level = way.at(-1)) {
      const entry = level.entries[level.next++];
      if (entry === undefined) {
        if (way.length > 1) level.directory.close();
        way.pop();
        continue;
      }
      const { name, type } = entry;
      const { directory, prefix, after } = level;
      const [from, ...deeper] = after;
      // Below `from` everything has been seen, `from` itself too; only its own children may be left.
      if ((from !== undefined && name < from) || directory.isDenied(name)) continue;
      const resumed = name === from;
      const walked: Walked = { name, type, path: prefix + name, depth: way.length, directory };
      if (!resumed) yield walked;
      if (type !== "directory" || way.length >= maxDepth || (enter && !enter(walked))) continue;
      const child = openOrSkip(walked, options);
      if (child === undefined) continue;
      try {
        way.push(levelOf(child, `${walked.path}/`, resumed ? deeper : []));
      } catch (error) {
        child.close();
        throw error;
      }
    }
  } finally {
    for (const { directory } of way.slice(1)) directory.close();
  }
}

interface Level {
  directory: OpenDirectory;
  entries: Entry[];
  next: number;
  prefix: string;
  after: string[];
}

const levelOf = (directory: OpenDirectory, prefix: string, after: string[]): Level => {
  return { directory, entries: directory.entries(), next: 0, prefix, after };
};

function openOrSkip({ directory, name, path }: Walked, { onSkipped }: WalkOptions): OpenDirectory | undefined {
  try {
    return directory.openDirectory(name);
  } catch {
    onSkipped?.(path);
    return undefined;
  }
}
