import type { SafeFs } from "../safe-fs/safe-fs.ts";
import { type Walked, walk } from "../safe-fs/walk.ts";
import type { Filter } from "./filter.ts";
import { type Caps, createPace, type LongTask } from "./pace.ts";

/** What every search may look at in one call, whatever its caller asks for. */
export const most = { maxEntries: 200_000, maxDepth: 200, maxTime: 10_000 };

export interface Travel extends LongTask, Caps {
  /** Goes on behind this path. */
  after?: string | undefined;
  /** Hears of a folder that cannot be opened, right after it was visited. */
  onUnreadable?: ((path: string) => void) | undefined;
}

/** Folders that were not looked into. */
export interface Closed {
  /** Those that could not be opened. */
  unreadable: number;
  /** Those deeper than this server goes. */
  tooDeep: number;
}

export interface Journey extends Closed {
  /** Entries looked at. */
  seen: number;
  /** The last entry visited, where there may be more behind it. */
  stoppedAt?: string;
}

/**
 * Visits everything below `path` that the filter lets through, in slices that leave the event loop free. A visit that
 * answers false is the last one. Throws the signal's reason.
 */
export async function travel(
  safeFs: SafeFs,
  path: string,
  filter: Filter,
  { after, onUnreadable, ...options }: Travel,
  visit: (walked: Walked) => boolean | Promise<boolean>,
): Promise<Journey> {
  const maxDepth = Math.min(options.maxDepth ?? most.maxDepth, most.maxDepth);
  const pace = createPace({
    ...options,
    maxEntries: Math.min(options.maxEntries ?? most.maxEntries, most.maxEntries),
    maxTime: Math.min(options.maxTime ?? most.maxTime, most.maxTime),
  });
  const journey: Journey = { seen: 0, unreadable: 0, tooDeep: 0 };
  const enter = (walked: Walked) => filter.enters(walked);
  const onSkipped = (folder: string) => {
    journey.unreadable++;
    onUnreadable?.(folder);
  };
  const directory = safeFs.openDirectory(path);
  let last = after;
  try {
    for (const walked of walk(directory, { maxDepth, after, enter, onSkipped })) {
      if (pace.due()) await pace.rest();
      if (pace.spent()) return { ...journey, seen: pace.seen, ...(last !== undefined && { stoppedAt: last }) };
      last = walked.path;
      if (walked.depth === most.maxDepth && walked.type === "directory") journey.tooDeep++;
      if (!filter.takes(walked)) continue;
      const answer = visit(walked);
      if (answer === false || (answer !== true && !(await answer))) {
        return { ...journey, seen: pace.seen, stoppedAt: last };
      }
    }
    return { ...journey, seen: pace.seen };
  } finally {
    directory.close();
  }
}
