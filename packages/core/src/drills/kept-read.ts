import { defineResource } from "../contract/resource.ts";
import { defineServer } from "../contract/server.ts";
import { dependency } from "../resilience/dependency.ts";
import { transient } from "../resilience/failure.ts";
import type { Answer } from "../resilience/safeguards.ts";
import type { RunContext } from "../resilience/scope.ts";

/** Reads something from outside, through whatever keeps it: `fetch` is what it costs. */
export type KeptRead = (
  context: RunContext,
  fetch: (signal?: AbortSignal) => Promise<string>,
) => Promise<Answer<string>>;

/** For how long an answer is good in this drill, in ms. */
export const STALE_CONTEXT_TTL_MS = 2_000;
const ANSWER_MS = 100;

/** What `dependency()` does by itself. */
export const guardedRead = (random: () => number): KeptRead => {
  const source = dependency("source", { random, cache: { ttlMs: STALE_CONTEXT_TTL_MS, staleMs: 60_000 } });
  return (context, fetch) => source.run(context, { key: "rate", shared: true }, ({ signal }) => fetch(signal));
};

/** What one writes first: no single flight, and what it hands out in need looks like new. */
export const plainMap = (): KeptRead => {
  let kept: { value: string; at: number } | undefined;
  return async (_context, fetch) => {
    if (kept !== undefined && performance.now() - kept.at < STALE_CONTEXT_TTL_MS)
      return { value: kept.value, stale: false, ageMs: 0 };
    try {
      kept = { value: await fetch(), at: performance.now() };
    } catch (error) {
      if (kept === undefined) throw error;
    }
    return { value: kept.value, stale: false, ageMs: 0 };
  };
};

/** Says when it was asked, takes 100 ms, and is away for a while. */
export function createSource(startedAt: number, isDown: (at: number) => boolean) {
  const hits: number[] = [];
  const seconds = (): number => (performance.now() - startedAt) / 1_000;
  const bursts = (): Map<number, number> => {
    const counts = new Map<number, number>();
    // Readers of one instant ask within it, or not at all.
    for (const at of hits) counts.set(Math.round(at * 20) / 20, (counts.get(Math.round(at * 20) / 20) ?? 0) + 1);
    return counts;
  };
  return {
    fetch: async (): Promise<string> => {
      hits.push(seconds());
      await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
      if (isDown(seconds())) throw transient(new Error("down"));
      return String(performance.now());
    },
    most: (): number => Math.max(0, ...bursts().values()),
    perBurst: (): [number, number][] => [...bursts()],
  };
}

/** The rate, as a resource: when it was made and when it was given, so that a reader can tell its age. */
export const serverOf = (read: KeptRead, fetch: () => Promise<string>) =>
  defineServer({
    name: "rates",
    version: "1.0.0",
    resources: [
      defineResource({
        name: "rate",
        title: "The rate",
        description: "When the source made it, and when it was given, in ms.",
        uri: "drill://rate",
        ttlMs: STALE_CONTEXT_TTL_MS,
        read: async (_variables, call) => {
          const { value, stale, ageMs } = await read(call, fetch);
          return { contents: `${value} ${performance.now()}`, stale, ageMs: ageMs ?? 0 };
        },
      }),
    ],
  });
