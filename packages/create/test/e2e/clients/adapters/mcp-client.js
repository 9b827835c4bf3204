import { MCPClient } from "mcp-client";

export async function open(where) {
  const client = new MCPClient({ name: "client", version: "1.0.0" });
  await client.connect(
    where.url ? { type: "httpStream", url: where.url } : { type: "stdio", ...where, stderr: "ignore" },
  );
  return {
    list: async () => (await client.getAllTools()).map(({ name }) => name),
    call: (name, input, signal) => client.callTool({ name, arguments: input }, { requestOptions: { signal } }),
    close: () => client.close(),
  };
}
