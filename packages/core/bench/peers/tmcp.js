// tmcp on stdio.
import { StdioTransport } from "@tmcp/transport-stdio";
import { createServer } from "./tmcp-server.js";

new StdioTransport(createServer()).listen();
