// On stdio.
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { createServer } from "./raw-v2-server.ts";

serveStdio(createServer);
