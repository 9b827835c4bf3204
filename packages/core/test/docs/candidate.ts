// Shown in docs/try-a-handler.md, and tried in candidate.test.ts.
import { defineServer, defineTool } from "@offshoot/core";
import { z } from "zod";

type Rates = (currency: string) => Promise<number>;

const tools = (rates: Rates, newRates: Rates) => [
  // #region candidate
  defineTool({
    name: "get_rate",
    title: "Get a rate",
    description: "The rate of a currency to the euro.",
    inputSchema: z.object({ currency: z.string().length(3).describe("Code such as USD") }),
    outputSchema: z.object({ rate: z.number().describe("Units for one euro") }),
    annotations: { readOnlyHint: true },
    handler: async ({ currency }) => ({ rate: await rates(currency) }),
    candidate: {
      handler: async ({ currency }) => ({ rate: await newRates(currency) }),
      shadow: true,
      steps: [1, 5, 25, 50, 100],
      every: "5m",
      gates: { p95: 1.1 },
    },
  }),
  // #endregion
];

export const ratesServer = (rates: Rates, newRates: Rates) =>
  defineServer({ name: "rates", version: "1.0.0", tools: tools(rates, newRates) });
