import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** Keeps the bytes of attachments by their SHA-256. */
export interface Blobs {
  /** Reads to the end, and resolves when the bytes are on disk. */
  put(source: AsyncIterable<Buffer>): Promise<{ sha256: string; size: number }>;
  get(sha256: string): Promise<Buffer>;
}

export function createMemoryBlobs(): Blobs {
  const blobs = new Map<string, Buffer>();
  return {
    async put(source) {
      const chunks: Buffer[] = [];
      for await (const chunk of source) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      blobs.set(sha256, bytes);
      return { sha256, size: bytes.length };
    },
    async get(sha256) {
      return blobs.get(sha256) ?? Buffer.alloc(0);
    },
  };
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be opened there
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

/** A file each, named by its content: one that is there is never written again. */
export function createFileBlobs(folder: string): Blobs {
  return {
    async put(source) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const draft = join(folder, `.draft-${randomUUID()}`);
      let handle: FileHandle | undefined;
      try {
        handle = await open(draft, "wx", 0o600);
        const hash = createHash("sha256");
        let size = 0;
        for await (const chunk of source) {
          hash.update(chunk);
          size += chunk.length;
          await handle.writeFile(chunk);
        }
        await handle.sync();
        const sha256 = hash.digest("hex");
        await rename(draft, join(folder, sha256));
        await syncFolder(folder);
        return { sha256, size };
      } finally {
        await handle?.close();
        await rm(draft, { force: true });
      }
    },
    get: (sha256) => readFile(join(folder, sha256)),
  };
}
