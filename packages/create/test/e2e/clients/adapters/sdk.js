import { openClient } from "./open-sdk.js";

export async function open(where, answer) {
  const client = await openClient(where, answer);
  return {
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, input, signal) => client.callTool({ name, arguments: input }, undefined, { signal }),
    close: () => client.close(),
  };
}
