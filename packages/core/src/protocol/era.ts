import type { Era } from "../contract/context.ts";
import type { Message } from "./frame.ts";

/** `_meta` key that every request of the 2026 era carries. */
const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";

/**
 * Which era a message on stdio belongs to. `initialize` opens the 2025 era even after a `server/discover`: some clients
 * probe first and then fall back on the same pipe.
 */
export function eraOf({ method, params }: Message): Era {
  const meta = params?._meta;
  if (typeof meta === "object" && meta !== null && VERSION_KEY in meta) return "2026";
  return method === "server/discover" ? "2026" : "2025";
}
