/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** So many calls a second, from when to when in s. */
export interface Rate {
  from: number;
  to: number;
  perSecond: number;
}

/** When calls are sent, in ms since the start: at random, independent of each other (Poisson), as many clients do. */
export function arrivals(rates: readonly Rate[], random: () => number): number[] {
  const times: number[] = [];
  for (const { from, to, perSecond } of rates) {
    for (let at = from; ; times.push(at * 1_000)) {
      at -= Math.log(1 - random()) / perSecond;
      if (at >= to) break;
    }
  }
  return times;
}

/**
 * Calls `send` at each of these times, whatever became of the calls before: clients do not wait for each other, and a
 * load that did would be lighter where the server is slower. Resolves when the last is sent.
 */
export function openLoop(times: readonly number[], startedAt: number, send: (index: number) => void): Promise<void> {
  let next = 0;
  return new Promise((resolve) => {
    const go = (): void => {
      const now = performance.now() - startedAt;
      while (next < times.length && (times[next] as number) <= now + 1e-6) {
        send(next);
        next += 1;
      }
      if (next === times.length) resolve();
      else setTimeout(go, Math.max(0, (times[next] as number) - now));
    };
    go();
  });
}

/** Resolves so many ms after `startedAt`. */
export const until = (startedAt: number, ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, startedAt + ms - performance.now())));

/** The value below which this share of them lies; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
