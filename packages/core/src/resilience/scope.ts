import type { Logger } from "../contract/context.ts";
import { type Stop, stopOf } from "../contract/stop.ts";

/** On whose behalf a dependency is asked. A handler's `call` is one; a job passes what it has, if only `{}`. */
export interface RunContext {
  readonly signal?: AbortSignal | undefined;
  /** What a call has beside its signal, so that none is made only to be heard. */
  readonly [stopOf]?: Stop | undefined;
  readonly deadline?: { /** In ms. */ remainingMs(): number } | undefined;
  /** Whose answers these are. Without one, they are the server's own. */
  readonly caller?: { readonly id: string } | undefined;
  readonly log?: Logger | undefined;
}

/** How long work goes on: until the signal, or the time is over. */
export interface Scope {
  readonly signal: Stop | undefined;
  remainingMs(): number;
}

/** What is left for the fallback at the end of a deadline: a tenth of it, at most this many ms. */
const RESERVE_MS = 50;

/**
 * The scope of one call. It ends a little before the call does: after its deadline a call cannot even answer with what
 * was kept for that case.
 */
export function scopeOf(context: RunContext): Scope {
  const { deadline } = context;
  const signal = context[stopOf] ?? context.signal;
  if (deadline === undefined) return { signal, remainingMs: () => Number.POSITIVE_INFINITY };
  const reserveMs = Math.min(RESERVE_MS, deadline.remainingMs() / 10);
  return { signal, remainingMs: () => Math.max(0, deadline.remainingMs() - reserveMs) };
}
