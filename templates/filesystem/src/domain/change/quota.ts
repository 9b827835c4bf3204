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

/** Others write here too, so what was measured is measured again. */
const freshMs = 60_000;

export type QuotaKeeper = ReturnType<typeof createQuota>;

/** Refuses growth of a root beyond what the user allowed. */
export function createQuota(safeFs: SafeFs, quota: Quota | undefined) {
  const uses = new Map<Root, Use>();

  async function measure(root: Root, signal?: AbortSignal): Promise<Use> {
    const known = uses.get(root);
    if (known && performance.now() - known.at < freshMs) return known;
    const use: Use = { bytes: 0, files: 0, at: performance.now() };
    const directory = safeFs.openDirectory(root.given);
    try {
      let steps = 0;
      for (const { type, name, directory: folder } of walk(directory)) {
        if (++steps % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
        signal?.throwIfAborted();
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

  return {
    /** Before a change that adds this much; what it takes away counts against it. */
    async admit(root: Root, added: { bytes: number; files: number }, signal?: AbortSignal): Promise<void> {
      if (quota === undefined || (added.bytes <= 0 && added.files <= 0)) return;
      const { bytes = Number.POSITIVE_INFINITY, files = Number.POSITIVE_INFINITY } = quota;
      const use = await measure(root, signal);
      if (use.bytes + added.bytes > bytes) throw full(`${bytes} bytes`);
      if (use.files + added.files > files) throw full(`${files} files`);
    },
    grew(root: Root, added: { bytes: number; files: number }): void {
      const use = uses.get(root);
      if (use === undefined) return;
      use.bytes += added.bytes;
      use.files += added.files;
    },
  };
}

const full = (limit: string) =>
  new FilesError(
    "quota",
    `The allowed folder would have more than ${limit}, the most it may hold. Delete something first.`,
  );
