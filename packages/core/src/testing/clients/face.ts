import type { CallToolResult } from "@modelcontextprotocol/client";
import type { TestClient, Wire } from "../client.ts";

/** How a test's client names itself. */
export const INFO = { name: "offshoot-test", version: "1.0.0" };

/** What both clients do alike, and what each does in its own way: `request` and `subscribe`. */
export function face(
  wire: Wire,
  // biome-ignore lint/suspicious/noExplicitAny: the two SDKs' clients share their shape and not their types
  client: any,
  request: TestClient["request"],
  subscribe: TestClient["subscribe"],
): TestClient {
  const all = async (method: string, member: string): Promise<Record<string, unknown>[]> => {
    const items: Record<string, unknown>[] = [];
    let cursor: unknown;
    do {
      const page = await request(method, cursor === undefined ? {} : { cursor });
      items.push(...(page[member] as Record<string, unknown>[]));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return items;
  };
  return {
    wire,
    era: wire.endsWith("2025") ? "2025" : "2026",
    instructions: client.getInstructions(),
    serverInfo: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    async call(name, input = {}, { signal, onProgress, timeoutMs } = {}) {
      const options = { signal, onprogress: onProgress, timeout: timeoutMs };
      const params = { name, arguments: input };
      const result: CallToolResult = await (wire.endsWith("2025")
        ? client.callTool(params, undefined, options)
        : client.callTool(params, options));
      return {
        text: result.content.map((block) => (block.type === "text" ? block.text : "")).join("\n"),
        data: result.structuredContent,
        isError: result.isError === true,
        content: result.content,
        meta: (result._meta ?? {}) as Record<string, unknown>,
      };
    },
    tools: () => all("tools/list", "tools"),
    resources: () => all("resources/list", "resources"),
    templates: () => all("resources/templates/list", "resourceTemplates"),
    prompts: () => all("prompts/list", "prompts"),
    read: async (uri) => (await client.readResource({ uri })).contents,
    prompt: (name, input = {}) => client.getPrompt({ name, arguments: input }),
    complete: async (ref, argument) => (await client.complete({ ref, argument })).completion.values,
    subscribe,
    request,
    close: () => client.close(),
  };
}
