import { z } from "zod";
import { defineServer } from "../contract/server.ts";
import { defineTool } from "../contract/tool.ts";
import type { Dependency } from "../resilience/dependency.ts";
import { statusError } from "../resilience/failure.ts";

const WELL_MS = 20;

/** Answers in 20 ms until the trouble begins; then it hangs until it is hung up on, or answers 503. */
export function createUpstream(startedAt: number, inTrouble: (at: number) => boolean, random: () => number) {
  const hits: number[] = [];
  const ask = async (signal: AbortSignal): Promise<number> => {
    const at = (performance.now() - startedAt) / 1_000;
    hits.push(at);
    const trouble = inTrouble(at);
    if (trouble && random() < 2 / 3) {
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }
    await new Promise((resolve) => setTimeout(resolve, WELL_MS));
    if (trouble) throw statusError(503);
    return performance.now();
  };
  return { hits, ask };
}

/** A small server that is nothing without its upstream. */
export const rateServer = (rates: Dependency, ask: (signal: AbortSignal) => Promise<number>) =>
  defineServer({
    name: "rates",
    version: "1.0.0",
    dependencies: [rates],
    tools: [
      defineTool({
        name: "read_rate",
        title: "Read a rate",
        description: "Reads one rate.",
        inputSchema: z.object({ id: z.string().describe("Which one") }),
        outputSchema: z.object({
          madeAt: z.number().describe("When the upstream made it, in ms"),
          readAt: z.number().describe("When it was answered, in ms"),
          stale: z.boolean().describe("Whether it may be out of date"),
        }),
        annotations: { readOnlyHint: true },
        handler: async ({ id }, call) => {
          const answer = await rates.run(call, { key: `rate:${id}` }, ({ signal }) => ask(signal));
          return { madeAt: answer.value, readAt: performance.now(), stale: answer.stale };
        },
      }),
    ],
  });
