// The small server of raw-v1.ts over HTTP, as the SDK's examples have it: express, and a server for each request
// (`stateless`) or for each session (`sessions`).
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createServer } from "./raw-v1-server.ts";

type Body = IncomingMessage & { body: { method?: string } };
const app = createMcpExpressApp();
const transports = new Map<string, StreamableHTTPServerTransport>();

async function open(options: ConstructorParameters<typeof StreamableHTTPServerTransport>[0]) {
  const transport = new StreamableHTTPServerTransport(options);
  await createServer().connect(transport as never);
  return transport;
}

app.post("/mcp", async (request: Body, response: ServerResponse) => {
  const id = request.headers["mcp-session-id"] as string | undefined;
  if (process.argv[2] === "stateless") {
    const transport = await open({});
    response.on("close", () => void transport.close());
    await transport.handleRequest(request, response, request.body);
    return;
  }
  const transport =
    transports.get(id ?? "") ??
    (await open({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (made) => void transports.set(made, transport),
    }));
  await transport.handleRequest(request, response, request.body);
});

const listening = app.listen(0, "127.0.0.1", () => {
  process.stderr.write(`listens on http://127.0.0.1:${(listening.address() as { port: number }).port}/mcp\n`);
});
