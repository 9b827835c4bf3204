import type { ApiReply } from "../operation.ts";

/** Answers with the `ETag` they came with, so that asking again costs the API nothing when nothing changed. */
export interface ETags {
  readonly size: number;
  get(key: string): { etag: string; reply: ApiReply } | undefined;
  set(key: string, etag: string, reply: ApiReply): void;
}

/** At most so many bytes of answers, the least recently used thrown out first. */
export function createETags(maxBytes: number): ETags {
  const kept = new Map<string, { etag: string; reply: ApiReply }>();
  let bytes = 0;
  const drop = (key: string): void => {
    bytes -= kept.get(key)?.reply.bytes ?? 0;
    kept.delete(key);
  };
  return {
    get size() {
      return kept.size;
    },
    get(key) {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      // A map keeps the order of insertion: what is used goes to its end.
      kept.delete(key);
      kept.set(key, found);
      return found;
    },
    set(key, etag, reply) {
      drop(key);
      if (reply.bytes > maxBytes / 4 || etag.length > 256) return;
      kept.set(key, { etag, reply });
      bytes += reply.bytes;
      for (const [oldest] of kept) {
        if (bytes <= maxBytes) break;
        drop(oldest);
      }
    },
  };
}
