import { MCPClient } from "@mastra/mcp";

let opened = 0;

export async function open(where, answer) {
  opened += 1;
  const inputRequests = async ({ params }) => answer(params);
  const place = where.url ? { url: new URL(where.url) } : { ...where, stderr: "ignore" };
  const client = new MCPClient({ id: `client-${opened}`, servers: { server: { ...place, inputRequests } } });
  const { tools, errors } = await client.listToolsWithErrors();
  if (errors.server) throw new Error(errors.server);
  return {
    list: async () => Object.keys(tools).map((name) => name.replace(/^server_/, "")),
    async call(name, input, abortSignal) {
      const tool = tools[`server_${name}`];
      const output = await tool.execute(input, { abortSignal });
      return tool.toModelOutput ? tool.toModelOutput(output) : output;
    },
    close: () => client.disconnect(),
  };
}
