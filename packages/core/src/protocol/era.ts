import type { Era } from "../contract/context.ts";
import type { Message } from "./frame.ts";

/** The one revision of the 2026 era. */
export const MODERN_VERSION = "2026-07-28";
/** What each request of the 2026 era says in its `_meta`: the revision and what its client can do, and who the client is. */
export const PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion";
export const CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
export const CLIENT_INFO = "io.modelcontextprotocol/clientInfo";

/**
 * Which era a message on stdio belongs to. `initialize` opens the 2025 era even after a `server/discover`: some clients
 * probe first and then fall back on the same pipe.
 */
export function eraOf({ method, params }: Message): Era {
  const meta = params?._meta;
  if (typeof meta === "object" && meta !== null && PROTOCOL_VERSION in meta) return "2026";
  return method === "server/discover" ? "2026" : "2025";
}
