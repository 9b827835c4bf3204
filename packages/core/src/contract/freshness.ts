import { DefinitionError } from "./errors.ts";

/** How long clients may keep an answer. Clients of the 2026 era are told; the 2025 era has no words for it. */
export interface Freshness {
  /** Time in ms for which the answer may be used again without asking; whole, 0 or more. @default 0: ask every time */
  ttlMs?: number | undefined;
  /**
   * Whether one answer serves everyone (`public`: caches on the way may keep it) or only the caller that it was made
   * for.
   *
   * @default `private`
   */
  cacheScope?: "public" | "private" | undefined;
}

/** Refuses a TTL or scope that no client could use. */
export function checkFreshness(where: string, { ttlMs, cacheScope }: Freshness): void {
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs >= 0))
    throw new DefinitionError(`${where}: ttlMs must be a whole number of ms, 0 or more, got ${String(ttlMs)}.`);
  if (cacheScope !== undefined && cacheScope !== "public" && cacheScope !== "private")
    throw new DefinitionError(`${where}: cacheScope must be "public" or "private", got ${JSON.stringify(cacheScope)}.`);
}
