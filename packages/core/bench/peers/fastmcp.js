// The small server of raw-v1.ts on fastmcp.
import { FastMCP } from "fastmcp";
import { z } from "zod";

const server = new FastMCP({ name: "small", version: "1.0.0" });

server.addTool({
  name: "repeat_text",
  description: "Repeats a text and counts its characters.",
  parameters: z.object({
    text: z.string().min(1).max(200).describe("What to repeat"),
    times: z.number().int().min(1).max(10).default(1).describe("How often"),
  }),
  outputSchema: z.object({
    text: z.string().describe("The repeated text"),
    length: z.number().int().describe("Its length in characters"),
  }),
  annotations: { title: "Repeat text", readOnlyHint: true },
  execute: async ({ text, times }) => {
    const repeated = text.repeat(times);
    const data = { text: repeated, length: repeated.length };
    return { content: [{ type: "text", text: JSON.stringify(data) }], structuredContent: data };
  },
});

server.addResource({
  uri: "small://about",
  name: "about",
  description: "What this server is.",
  mimeType: "text/plain",
  load: async () => ({ text: "A small server." }),
});

server.addPrompt({
  name: "greet",
  description: "Greets someone.",
  arguments: [{ name: "name", description: "Who is greeted", required: true }],
  load: async ({ name }) => `Greet ${name}.`,
});

await server.start({ transportType: "stdio" });
