// The small server of raw-v1.ts as a definition of ours, made with the core that it is given: sources or a build.
import { z } from "zod";

export function createSmall(core: typeof import("../src/index.ts")) {
  const { definePrompt, defineResource, defineServer, defineTool } = core;

  const repeatText = defineTool({
    name: "repeat_text",
    title: "Repeat text",
    description: "Repeats a text and counts its characters.",
    inputSchema: z.object({
      text: z.string().min(1).max(200).describe("What to repeat"),
      times: z.number().int().min(1).max(10).default(1).describe("How often"),
    }),
    outputSchema: z.object({
      text: z.string().describe("The repeated text"),
      length: z.number().int().describe("Its length in characters"),
    }),
    annotations: { readOnlyHint: true },
    handler: async ({ text, times }) => {
      const repeated = text.repeat(times);
      return { text: repeated, length: repeated.length };
    },
  });

  const about = defineResource({
    name: "about",
    title: "About",
    description: "What this server is.",
    uri: "small://about",
    read: async () => "A small server.",
  });

  const greet = definePrompt({
    name: "greet",
    title: "Greet",
    description: "Greets someone.",
    arguments: z.object({ name: z.string().describe("Who is greeted") }),
    handler: ({ name }) => `Greet ${name}.`,
  });

  return defineServer({
    name: "small",
    version: "1.0.0",
    tools: [repeatText],
    resources: [about],
    prompts: [greet],
  });
}
