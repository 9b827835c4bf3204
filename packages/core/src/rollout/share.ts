import { type Caller, identityOf } from "../contract/context.ts";
import { kindOf } from "../policy/match.ts";

/** Who calls, as far as a share needs to know. */
export interface Shared {
  readonly caller: Caller;
  readonly wire: { readonly sessionId?: string | undefined };
  readonly correlationId: string;
}

/**
 * Whether a call belongs to the share, in percent, that a tool's candidate serves. By its caller: each one stays on its
 * side, in every instance, and those on the candidate's stay there as the share grows.
 *
 * Callers that nobody authenticates are told apart by their sessions, and without those each call is drawn for itself.
 * The one caller of stdio is all there is: where nothing is beside it to compare with, it is not tried on.
 */
export function isInShare(tool: string, share: number, call: Shared): boolean {
  if (share >= 100) return true;
  if (share <= 0) return false;
  const kind = kindOf(call.caller);
  if (kind === "local") return false;
  const who = kind === "anonymous" ? (call.wire.sessionId ?? call.correlationId) : identityOf(call.caller);
  // With the tool: the first caller to meet one candidate is not the first to meet all of them.
  return hash(`${tool}\n${who}`) < (share / 100) * 2 ** 32;
}

/** A number below 2 ** 32 for a text, the same on every machine (FNV-1a, mixed as MurmurHash3 ends). */
export function hash(text: string): number {
  let mixed = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
