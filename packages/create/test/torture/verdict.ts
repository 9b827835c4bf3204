import type { Sums } from "./sums.ts";

/** All that should not have happened, a line each. */
export function faultsOf(sums: Sums): string[] {
  const found = Object.entries(sums).flatMap(([kind, list]) =>
    kind !== "mergeMs" && Array.isArray(list) ? list.map((what) => `${kind}: ${what}`) : [],
  );
  return sums.updates === sums.forks * 3 ? found : [...found, `${sums.updates} updates of ${sums.forks} forks`];
}

/** What an update takes without gates, in ms. */
export function mergeTimesOf({ mergeMs }: Sums): { count: number; median: number; most: number } {
  const times = [...mergeMs].sort((a, b) => a - b);
  const at = (index: number): number => Math.round(times[index] ?? 0);
  return { count: times.length, median: at(Math.floor(times.length / 2)), most: at(times.length - 1) };
}
