import { createMcpClient } from "@genkit-ai/mcp";
import { genkit } from "genkit";

export async function open(where) {
  const client = createMcpClient({
    name: "client",
    serverName: "server",
    multipart: true,
    mcpServer: where.url ? { url: where.url } : { command: where.command, args: where.args, stderr: "ignore" },
  });
  await client.ready();
  const tools = await client.getActiveTools(genkit({}));
  return {
    list: async () => tools.map(({ __action }) => __action.name.replace(/^server\//, "")),
    // Genkit has a signal for a tool, and hands none to the client that calls it.
    async call(name, input) {
      return tools.find(({ __action }) => __action.name === `server/${name}`)(input);
    },
    close: () => client.disable(),
  };
}
