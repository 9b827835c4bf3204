// The official client of the 2026 era, as it is by default: it falls back to the 2025 era with servers that are older.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

export const open = (where, answer) => openIn({}, where, answer);

export async function openIn(options, where, answer) {
  const client = new Client({ name: "client-2", version: "1.0.0" }, { capabilities: { elicitation: {} }, ...options });
  client.setRequestHandler("elicitation/create", ({ params }) => answer(params));
  await client.connect(
    where.url
      ? new StreamableHTTPClientTransport(new URL(where.url))
      : new StdioClientTransport({ ...where, stderr: "ignore" }),
  );
  return {
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, input, signal) => client.callTool({ name, arguments: input }, { signal }),
    close: () => client.close(),
  };
}
