// Gemini's own SDK: it lends its model the tools of an SDK client.
import { mcpToTool } from "@google/genai";
import { openClient } from "./open-sdk.js";

export async function open(where, answer) {
  const client = await openClient(where, answer);
  const callable = mcpToTool(client);
  return {
    list: async () => (await callable.tool()).functionDeclarations.map(({ name }) => name),
    call: (name, args) => callable.callTool([{ name, args }]),
    close: () => client.close(),
  };
}
