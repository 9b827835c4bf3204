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
  yield* descend(start, "", 1, options, options.after === undefined ? [] : options.after.split("/"));
}

function* descend(
  directory: OpenDirectory,
  prefix: string,
  depth: number,
  options: WalkOptions,
  after: string[],
): Generator<Walked, void, void> {
  const [from, ...deeper] = after;
  for (const { name, type } of directory.entries()) {
    // Below `from` everything has been seen, `from` itself too; only its own children may be left.
    if (from !== undefined && name < from) continue;
    const resumed = name === from;
    const walked: Walked = { name, type, path: prefix + name, depth, directory };
    if (!resumed) yield walked;
    if (type !== "directory" || depth >= (options.maxDepth ?? Number.POSITIVE_INFINITY)) continue;
    if (options.enter && !options.enter(walked)) continue;
    const child = openOrSkip(walked, options);
    if (child === undefined) continue;
    try {
      yield* descend(child, `${walked.path}/`, depth + 1, options, resumed ? deeper : []);
    } finally {
      child.close();
    }
  }
}

function openOrSkip({ directory, name, path }: Walked, { onSkipped }: WalkOptions): OpenDirectory | undefined {
  try {
    return directory.openDirectory(name);
  } catch {
    onSkipped?.(path);
    return undefined;
  }
}
