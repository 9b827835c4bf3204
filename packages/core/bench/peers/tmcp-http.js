// tmcp over HTTP, behind the adapter that its documentation names for Node.
import { createServer as createHttpServer } from "node:http";
import { createRequestListener } from "@remix-run/node-fetch-server";
import { HttpTransport } from "@tmcp/transport-http";
import { createServer } from "./tmcp-server.js";

const transport = new HttpTransport(createServer(), { path: "/mcp" });
const http = createHttpServer(
  createRequestListener(async (request) => (await transport.respond(request)) ?? new Response(null, { status: 404 })),
);
http.listen(0, "127.0.0.1", () => process.stderr.write(`listens on http://127.0.0.1:${http.address().port}/mcp\n`));
