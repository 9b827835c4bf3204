import type { ClientCapability } from "../contract/context.ts";
import { ErrorCode, ProtocolError } from "../contract/errors.ts";
import type { Call } from "./call.ts";

/**
 * Stage 3, admit: may this caller do this?
 *
 * @throws ProtocolError -32003 naming every scope that is needed. A caller without scopes is unrestricted: nothing
 * authenticates on stdio.
 */
export function checkScopes(required: readonly string[] | undefined, call: Call): void {
  const { scopes } = call.caller;
  if (required === undefined || scopes === undefined || required.every((scope) => scopes.includes(scope))) return;
  throw new ProtocolError(ErrorCode.forbidden, `${call.name} needs the scopes ${required.join(" ")}.`, {
    required: [...required],
  });
}

/**
 * Stage 3 again: has the client declared what this needs of it?
 *
 * @throws ProtocolError -32021 naming what is missing, as the specification shapes it
 */
export function checkCapabilities(required: readonly ClientCapability[] = [], call: Call): void {
  const missing = required.filter((capability) => !call.wire.asks[capability]);
  if (missing.length === 0) return;
  const requiredCapabilities = Object.fromEntries(missing.map((capability) => [capability, {}]));
  throw new ProtocolError(
    ErrorCode.missingCapability,
    `${call.name} needs a client with the capabilities ${missing.join(" ")}.`,
    { requiredCapabilities },
  );
}
