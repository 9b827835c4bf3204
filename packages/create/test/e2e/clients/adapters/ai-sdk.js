import { createMCPClient, ElicitationRequestSchema } from "@ai-sdk/mcp";
import { StdioMCPTransport } from "@ai-sdk/mcp/mcp-stdio";

export async function open(where, answer) {
  const client = await createMCPClient({
    transport: where.url ? { type: "http", url: where.url } : new StdioMCPTransport({ ...where, stderr: "ignore" }),
    capabilities: { elicitation: {} },
  });
  client.onElicitationRequest(ElicitationRequestSchema, ({ params }) => answer(params));
  const tools = await client.tools();
  return {
    list: async () => Object.keys(tools),
    async call(name, input, abortSignal) {
      const tool = tools[name];
      const call = { toolCallId: "1", messages: [], abortSignal };
      const output = await tool.execute(input, call);
      return tool.toModelOutput ? tool.toModelOutput({ toolCallId: "1", input, output }) : output;
    },
    close: () => client.close(),
  };
}
