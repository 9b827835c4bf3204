// A server with as many tools as its argument says, for `pnpm bench scale`.
import { z } from "zod";

const [core, serving] = ["@offshoot/core", "@offshoot/core/serve"];
const { defineServer, defineTool } = (await import(core as string)) as typeof import("../src/index.ts");
const { serve } = (await import(serving as string)) as typeof import("../src/serve.ts");

const tools = Array.from({ length: Number(process.argv[2]) }, (_, index) =>
  defineTool({
    name: `tool_${index}`,
    title: `Tool ${index}`,
    description: "Says what it was told.",
    inputSchema: z.object({
      text: z.string().min(1).max(200).describe("What to say"),
      times: z.number().int().min(1).max(10).default(1).describe("How often"),
      loud: z.boolean().optional().describe("In capitals"),
      tags: z.array(z.string()).optional().describe("What it is about"),
    }),
    outputSchema: z.object({ text: z.string().describe("What was said") }),
    annotations: { readOnlyHint: true },
    handler: ({ text }) => ({ text }),
  }),
);
await serve(defineServer({ name: "many", version: "1.0.0", tools }));
