// raw v2 over HTTP, behind the SDK's own adapter for Node. The server is the one of raw-v2-server.ts, built.
import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createHandler } from "../dist/raw-v2-server.js";

const http = createServer(toNodeHandler(createHandler()));
http.listen(0, "127.0.0.1", () => process.stderr.write(`listens on http://127.0.0.1:${http.address().port}/mcp\n`));
