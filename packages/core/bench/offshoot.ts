// The small server of raw-v1.ts on `@offshoot/core`, with every setting at its default: the whole call path runs, and
// each call logs its line.
import { z } from "zod";

// Built code under the types of its sources: what is measured is what is published, and type checking needs no build.
const [core, serving] = ["@offshoot/core", "@offshoot/core/serve"];
const { definePrompt, defineResource, defineServer, defineTool } = (await import(
  core as string
)) as typeof import("../src/index.ts");
const { serve } = (await import(serving as string)) as typeof import("../src/serve.ts");

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

await serve(
  defineServer({ name: "small", version: "1.0.0", tools: [repeatText], resources: [about], prompts: [greet] }),
);
