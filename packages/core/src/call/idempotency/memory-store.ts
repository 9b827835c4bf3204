import type { IdempotencyRecord, IdempotencyStore } from "../../contract/idempotency.ts";

/** Limits of a store in memory. The oldest answers go first. */
export interface MemoryLimits {
  /** Keys kept at once. @default 10 000 */
  maxKeys?: number | undefined;
  /** Characters of all answers together. @default 16 Mi: at most 32 MiB of memory */
  maxCharacters?: number | undefined;
}

/** Keeps answers until the process ends: for tools whose domain has no store of its own. */
export function createMemoryIdempotencyStore({
  maxKeys = 10_000,
  maxCharacters = 16_777_216,
}: MemoryLimits = {}): IdempotencyStore {
  // In the order of their claims: the first is the oldest.
  const records = new Map<string, IdempotencyRecord & { expiresAt: number }>();
  let characters = 0;

  const drop = (key: string): void => {
    characters -= records.get(key)?.answer?.length ?? 0;
    records.delete(key);
  };
  const makeRoom = (): void => {
    for (const key of records.keys()) {
      if (records.size <= maxKeys && characters <= maxCharacters) return;
      drop(key);
    }
  };
  return {
    begin({ key, input, now, expiresAt }) {
      const known = records.get(key);
      if (known !== undefined && known.expiresAt > now) return known;
      drop(key);
      records.set(key, { input, expiresAt });
      makeRoom();
      return undefined;
    },
    finish(key, answer) {
      const record = records.get(key);
      if (record === undefined) return;
      record.answer = answer;
      characters += answer.length;
      makeRoom();
    },
    release: drop,
  };
}
