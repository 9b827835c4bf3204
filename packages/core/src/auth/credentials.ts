import type { IncomingMessage } from "node:http";
import type { Denied } from "../protocol/http/authorization.ts";

/** What a request without a token or key gets, and with one that does not count. */
export const NONE: Denied = { status: 401, reason: "no token" };
export const refuse = (reason: string, facts?: Record<string, unknown>, granted?: readonly string[]): Denied => ({
  status: 401,
  error: "invalid_token",
  reason,
  facts,
  granted,
});

/**
 * The token of a request: from the Authorization header and nowhere else, since URLs are written into logs (RFC 6750,
 * 5.3). `undefined` where there is none, or another scheme's.
 */
export function tokenOf({ headers }: IncomingMessage): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(headers.authorization ?? "")?.[1];
}
