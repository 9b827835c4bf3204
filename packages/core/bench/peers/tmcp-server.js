// The small server of raw-v1.ts on tmcp, as its documentation has servers.
import { ZodJsonSchemaAdapter } from "@tmcp/adapter-zod";
import { McpServer } from "tmcp";
import { z } from "zod";

export function createServer() {
  const server = new McpServer(
    { name: "small", version: "1.0.0" },
    { adapter: new ZodJsonSchemaAdapter(), capabilities: { tools: {}, resources: {}, prompts: {} } },
  );

  server.tool(
    {
      name: "repeat_text",
      title: "Repeat text",
      description: "Repeats a text and counts its characters.",
      schema: z.object({
        text: z.string().min(1).max(200).describe("What to repeat"),
        times: z.number().int().min(1).max(10).default(1).describe("How often"),
      }),
      outputSchema: z.object({
        text: z.string().describe("The repeated text"),
        length: z.number().int().describe("Its length in characters"),
      }),
      annotations: { readOnlyHint: true },
    },
    async ({ text, times }) => {
      const repeated = text.repeat(times);
      const data = { text: repeated, length: repeated.length };
      return { content: [{ type: "text", text: JSON.stringify(data) }], structuredContent: data };
    },
  );

  server.resource({ name: "about", description: "What this server is.", uri: "small://about" }, async (uri) => ({
    contents: [{ uri, mimeType: "text/plain", text: "A small server." }],
  }));

  server.prompt(
    {
      name: "greet",
      title: "Greet",
      description: "Greets someone.",
      schema: z.object({ name: z.string().describe("Who is greeted") }),
    },
    async ({ name }) => ({ messages: [{ role: "user", content: { type: "text", text: `Greet ${name}.` } }] }),
  );

  return server;
}
