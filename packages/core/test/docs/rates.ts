// The resource of docs/resources.md.
// #region resource
import { defineResource, defineServer } from "@offshoot/core";

/** What the domain knows of the rates. */
export interface Rates {
  /** The last that could be had, and how long ago that was. */
  latest: () => Promise<{ text: string; ageMs: number; stale: boolean }>;
  /** Asks the source again; tells whether it says something else now. */
  refresh: (options: { signal: AbortSignal }) => Promise<boolean>;
}

export const ratesServer = (rates: Rates) =>
  defineServer({
    name: "rates",
    version: "1.0.0",
    lists: { ttlMs: 3_600_000, cacheScope: "public" },
    resources: [
      defineResource({
        name: "rates",
        title: "Exchange rates",
        description: "Rates of today, a line for each currency.",
        uri: "rates://today",
        ttlMs: 60_000,
        cacheScope: "public",
        subscribe: true,
        read: async () => {
          const { text, ageMs, stale } = await rates.latest();
          return { contents: text, ageMs, stale };
        },
        refresh: (_variables, { signal }) => rates.refresh({ signal }),
      }),
    ],
  });
// #endregion
