import type { ServerResponse } from "node:http";

/**
 * Calls the listener once the client has left. One that left while its body, its turn or its session was waited for has
 * had its `close` event already, and no other comes.
 */
export function onClose(response: ServerResponse, listener: () => void): void {
  if (response.destroyed) setImmediate(listener);
  else response.once("close", listener);
}
