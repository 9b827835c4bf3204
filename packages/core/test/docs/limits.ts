// The server of "Limits" in docs/the-call-path.md; limits.test.ts runs it.
// #region background
import { defineServer, defineTool } from "@offshoot/core";
import { createJobs } from "@offshoot/core/resilience";
import { z } from "zod";

const jobs = createJobs({ concurrency: 1 });

const rebuild = defineTool({
  name: "rebuild_index",
  title: "Rebuild the index",
  description: "Rebuild the search index and say how many entries it has.",
  inputSchema: z.object({}),
  outputSchema: z.object({ entries: z.number().int().describe("Entries in the index") }),
  lane: "background", // a client waits for the answer, but can be told to come back
  handler: () => ({ entries: 3 }),
});

const warmUp = defineTool({
  name: "warm_up",
  title: "Warm up the cache",
  description: "Begin to warm up the cache; it takes a minute and needs no waiting.",
  inputSchema: z.object({}),
  outputSchema: z.object({ job: z.string().describe("Its id in the server's log") }),
  handler: () => ({ job: jobs.add("warm up", (signal) => warm(signal)) }), // nobody waits
});

export const searcher = defineServer({ name: "searcher", version: "1.0.0", tools: [rebuild, warmUp], jobs });
// #endregion

async function warm(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
}
