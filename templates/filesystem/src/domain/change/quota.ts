import { FilesError } from "../errors.ts";
import type { Root } from "../safe-fs/roots.ts";
import type { SafeFs } from "../safe-fs/safe-fs.ts";
import { walk } from "../safe-fs/walk.ts";

export interface Quota {
  bytes?: number | undefined;
  files?: number | undefined;
}

interface Use {
  bytes: number;
  files: number;
  at: number;
}

/** Every level is held open on the way down; what lies deeper is not counted. */
const deepest = 500;

/** Others write here too, so what was measured is measured again. */
const freshMs = 60_000;

export type QuotaKeeper = ReturnType<typeof createQuota>;

/** Refuses growth of a root beyond what the user allowed. */
export function createQuota(safeFs: SafeFs, quota: Quota | undefined) {
  const uses = new Map<Root, Use>();
  const measuring = new Map<Root, Promise<Use>>();
  /** What calls have been admitted with and is not on disk yet, so that a new measure does not miss it. */
  const reserved = new Map<Root, { bytes: number; files: number }>();

  /** Once for all who ask at the same time. */
  function usesOf(root: Root): Promise<Use> | Use {
    const known = uses.get(root);
    if (known && performance.now() - known.at < freshMs) return known;
    const running = measuring.get(root) ?? measure(root).finally(() => measuring.delete(root));
    measuring.set(root, running);
    return running;
  }

  async function measure(root: Root): Promise<Use> {
    const use: Use = { bytes: 0, files: 0, at: performance.now() };
    const directory = safeFs.openDirectory(root.given);
    try {
      let steps = 0;
      for (const { type, name, directory: folder } of walk(directory, { maxDepth: deepest })) {
        if (++steps % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
        if (type !== "file") continue;
        use.files++;
        use.bytes += folder.factsOf(name)?.size ?? 0;
      }
    } finally {
      directory.close();
    }
    uses.set(root, use);
    return use;
  }

  const count = (root: Root, { bytes, files }: Growth, sign = 1) => {
    const waiting = reserved.get(root) ?? { bytes: 0, files: 0 };
    reserved.set(root, { bytes: waiting.bytes + sign * bytes, files: waiting.files + sign * files });
  };
  const grow = (root: Root, added: Growth) => {
    const use = uses.get(root);
    if (use === undefined) return;
    use.bytes += added.bytes;
    use.files += added.files;
  };

  return {
    /** Nothing has to be measured. */
    isOff: quota === undefined,
    /**
     * Makes a change that adds this much, where there is room for it beside what other calls are adding. What it takes
     * away counts against it.
     */
    async reserving<Result>(
      root: Root,
      added: Growth,
      signal: AbortSignal | undefined,
      work: () => Promise<Result>,
    ): Promise<Result> {
      if (quota === undefined) return work();
      const use = await usesOf(root);
      signal?.throwIfAborted();
      // From here to the reservation nothing waits.
      const { bytes = Number.POSITIVE_INFINITY, files = Number.POSITIVE_INFINITY } = quota;
      const waiting = reserved.get(root) ?? { bytes: 0, files: 0 };
      if (added.bytes > 0 && use.bytes + waiting.bytes + added.bytes > bytes) throw full(`${bytes} bytes`);
      if (added.files > 0 && use.files + waiting.files + added.files > files) throw full(`${files} files`);
      const held = { bytes: Math.max(0, added.bytes), files: Math.max(0, added.files) };
      count(root, held);
      try {
        const result = await work();
        grow(root, added);
        return result;
      } finally {
        count(root, held, -1);
      }
    },
    /** It is not known any more what lies there: something was taken away or brought back. */
    forget: (root: Root) => void uses.delete(root),
  };
}

interface Growth {
  bytes: number;
  files: number;
}

const full = (limit: string) =>
  new FilesError(
    "quota",
    `The allowed folder would have more than ${limit}, the most it may hold. Delete something first.`,
  );
