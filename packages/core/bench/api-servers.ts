// What the http-api template is compared with, around undici as it has it: `alone` makes requests and nothing else, as
// many as a line on stdin says; `v1` is a tool on the raw SDK that makes one.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";
import { cases } from "./api-things.ts";
import { IN_FLIGHT } from "./conversation.ts";

const [mode, kind = "bare", base = "", template = ""] = process.argv.slice(2);
const { Agent, request } = createRequire(template)("undici");
const dispatcher = new Agent({ connections: IN_FLIGHT, pipelining: 1 });

async function get(id: string): Promise<Record<string, unknown>> {
  const { body } = await request(`${base}/things/${id}`, { dispatcher });
  return (await body.json()) as Record<string, unknown>;
}

if (mode === "alone") {
  createInterface({ input: process.stdin }).on("line", async (line) => {
    const { id, params } = JSON.parse(line);
    let left: number = params.arguments.count;
    const worker = async (): Promise<void> => {
      while (left-- > 0) await get(String(left));
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result: {} })}\n`);
  });
} else {
  const server = new McpServer({ name: "api", version: "1.0.0" });
  const { output: outputSchema } = cases[kind as keyof typeof cases];
  server.registerTool("get_thing", { inputSchema: { id: z.string() }, outputSchema }, async ({ id }) => {
    const thing = await get(id);
    return { content: [{ type: "text", text: JSON.stringify(thing) }], structuredContent: thing };
  });
  await server.connect(new StdioServerTransport());
}
