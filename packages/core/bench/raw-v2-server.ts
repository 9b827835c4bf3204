// The small server of raw-v1.ts on `@modelcontextprotocol/server`, which speaks both eras by itself.
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

export function createServer(): McpServer {
  const server = new McpServer({ name: "small", version: "1.0.0" });

  server.registerTool(
    "repeat_text",
    {
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
    {
      title: "Greet",
      description: "Greets someone.",
      argsSchema: z.object({ name: z.string().describe("Who is greeted") }),
    },
    ({ name }) => ({ messages: [{ role: "user", content: { type: "text", text: `Greet ${name}.` } }] }),
  );

  return server;
}

/** The same over HTTP, for the adapter of peers/raw-v2-http.js. */
export const createHandler = () => createMcpHandler(() => createServer());
