// The yardstick: a small server as its author would write it on `@modelcontextprotocol/sdk`, with nothing of ours.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";

export function createServer(): McpServer {
  const server = new McpServer({ name: "small", version: "1.0.0" });

  server.registerTool(
    "repeat_text",
    {
      title: "Repeat text",
      description: "Repeats a text and counts its characters.",
      inputSchema: {
        text: z.string().min(1).max(200).describe("What to repeat"),
        times: z.number().int().min(1).max(10).default(1).describe("How often"),
      },
      outputSchema: {
        text: z.string().describe("The repeated text"),
        length: z.number().int().describe("Its length in characters"),
      },
      annotations: { readOnlyHint: true },
    },
    async ({ text, times }) => {
      const repeated = text.repeat(times);
      const data = { text: repeated, length: repeated.length };
      return { content: [{ type: "text", text: JSON.stringify(data) }], structuredContent: data };
    },
  );

  server.registerResource(
    "about",
    "small://about",
    { title: "About", description: "What this server is.", mimeType: "text/plain" },
    async ({ href }) => ({ contents: [{ uri: href, mimeType: "text/plain", text: "A small server." }] }),
  );

  server.registerPrompt(
    "greet",
    { title: "Greet", description: "Greets someone.", argsSchema: { name: z.string().describe("Who is greeted") } },
    ({ name }) => ({ messages: [{ role: "user", content: { type: "text", text: `Greet ${name}.` } }] }),
  );

  return server;
}
