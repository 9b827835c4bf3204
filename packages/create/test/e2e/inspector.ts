import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";

/**
 * A wire that goes through the Inspector as its own page does: connect, send, and events from which answers are read.
 * The server behind it is the one that the Inspector was started with.
 */
export async function throughInspector(url: string, token: string): Promise<Transport> {
  const headers = { "x-mcp-remote-auth": `Bearer ${token}`, "content-type": "application/json" };
  const ask = async (path: string, body?: object) => {
    const request = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(`${url}/api/${path}`, request);
    if (!answer.ok) throw new Error(`The Inspector answered ${answer.status} to ${path}: ${await answer.text()}`);
    return answer.json();
  };
  const { mcpServers } = (await ask("servers")) as { mcpServers: Record<string, object> };
  const [config, ...others] = Object.values(mcpServers);
  if (config === undefined || others.length > 0) throw new Error(`not one server, but ${Object.keys(mcpServers)}`);
  let sessionId = "";
  const left = new AbortController();
  const transport: Transport = {
    async start() {
      ({ sessionId } = (await ask("mcp/connect", { config })) as { sessionId: string });
      const events = await fetch(`${url}/api/mcp/events?sessionId=${sessionId}`, { headers, signal: left.signal });
      hear(events).catch(() => transport.onclose?.());
    },
    async send(message) {
      const { ok, error } = (await ask("mcp/send", { sessionId, message })) as { ok: boolean; error?: string };
      if (!ok) throw new Error(`The Inspector could not pass it on: ${error}`);
    },
    async close() {
      await ask("mcp/disconnect", { sessionId });
      left.abort();
    },
  };
  return transport;

  async function hear(events: Response): Promise<void> {
    let rest = "";
    for await (const chunk of (events.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines.filter((text) => text.startsWith("data:"))) {
        const { type, data } = JSON.parse(line.slice("data:".length)) as { type: string; data: JSONRPCMessage };
        if (type === "message") transport.onmessage?.(data);
      }
    }
  }
}
