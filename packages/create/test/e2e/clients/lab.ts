// A server for what no template does: calls that wait until they are cancelled, and an end on request.
import { defineServer, defineTool } from "@offshoot/core";
import { loadConfig, serve } from "@offshoot/core/serve";
import { z } from "zod";

const events: string[] = [];

const nothing = z.object({});
const config = loadConfig(nothing, {
  name: "lab",
  version: "1.0.0",
  description: "a server for clients",
  envPrefix: "LAB",
});

await serve(
  defineServer({
    name: "lab",
    version: "1.0.0",
    instructions: "Call wait and cancel it; events tells what became of it.",
    tools: [
      defineTool({
        name: "wait",
        title: "Wait",
        description: "Waits until the call is cancelled.",
        inputSchema: nothing,
        outputSchema: nothing,
        annotations: { readOnlyHint: true },
        handler: (_input, { signal }) => {
          events.push("began");
          return new Promise<Record<string, never>>((resolve) =>
            signal.addEventListener("abort", () => {
              events.push("cancelled");
              resolve({});
            }),
          );
        },
      }),
      defineTool({
        name: "events",
        title: "Events",
        description: "Tells what became of the calls of wait, and which era this client speaks.",
        inputSchema: nothing,
        outputSchema: z.object({
          began: z.int().describe("Calls that began"),
          cancelled: z.int().describe("Calls that were cancelled"),
          era: z.string().describe("Era of the protocol"),
        }),
        annotations: { readOnlyHint: true },
        handler: (_input, { era }) => ({
          began: events.filter((event) => event === "began").length,
          cancelled: events.filter((event) => event === "cancelled").length,
          era: `era-${era}`,
        }),
      }),
      defineTool({
        name: "leave",
        title: "Leave",
        description: "Ends this server.",
        inputSchema: nothing,
        outputSchema: nothing,
        handler: () => {
          setTimeout(() => process.exit(1), 100);
          return {};
        },
      }),
    ],
  }),
  { config },
);
