import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import * as types from "@modelcontextprotocol/sdk/types.js";

/** A client of the official SDK, of whichever version is installed beside this file. */
export async function openClient(where, answer) {
  // SDK 1.10 is older than questions.
  const asks = "ElicitRequestSchema" in types;
  const client = new Client({ name: "sdk", version: "1.0.0" }, { capabilities: asks ? { elicitation: {} } : {} });
  if (asks) client.setRequestHandler(types.ElicitRequestSchema, ({ params }) => answer(params));
  await client.connect(
    where.url
      ? new StreamableHTTPClientTransport(new URL(where.url))
      : new StdioClientTransport({ ...where, stderr: "ignore" }),
  );
  return client;
}
