// The yardstick on stdio.
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { createServer } from "./raw-v1-server.ts";

await createServer().connect(new StdioServerTransport());
