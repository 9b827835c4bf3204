import { getAllMcpTools, MCPServerStdio, MCPServerStreamableHttp, RunContext } from "@openai/agents";

export async function open(where) {
  const server = where.url
    ? new MCPServerStreamableHttp({ name: "server", url: where.url })
    : new MCPServerStdio({ name: "server", command: where.command, args: where.args });
  await server.connect();
  // As an agent with `mcpConfig: { convertSchemasToStrict: true }` has them.
  const tools = await getAllMcpTools({ mcpServers: [server], convertSchemasToStrict: true });
  return {
    list: async () => tools.map(({ name }) => name),
    call(name, input, signal) {
      const tool = tools.find((one) => one.name === name);
      const args = tool.strict ? asAStrictModelSends(input, tool.parameters) : input;
      return tool.invoke(new RunContext(), JSON.stringify(args), { signal });
    },
    close: () => server.close(),
  };
}

/** In strict mode each property is required, and what was optional may be null: a model has to send it. */
function asAStrictModelSends(input, { properties }) {
  return { ...Object.fromEntries(Object.keys(properties).map((name) => [name, null])), ...input };
}
