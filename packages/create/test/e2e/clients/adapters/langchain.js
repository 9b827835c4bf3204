import { MultiServerMCPClient } from "@langchain/mcp-adapters";

export async function open(where) {
  const client = new MultiServerMCPClient({
    mcpServers: {
      server: where.url
        ? { transport: "http", url: where.url }
        : { transport: "stdio", command: where.command, args: where.args, stderr: "ignore" },
    },
  });
  const tools = await client.getTools();
  return {
    list: async () => tools.map(({ name }) => name),
    async call(name, args, signal) {
      const tool = tools.find((one) => one.name === name);
      // As an agent calls it, which gives a message for the model.
      const message = await tool.invoke({ type: "tool_call", id: "1", name, args }, { signal });
      return message.content;
    },
    close: () => client.close(),
  };
}
