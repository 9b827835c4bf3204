import type { App } from "../../app.ts";
import type { Subscriptions } from "../../call/changes/subscriptions.ts";
import { stringParam } from "../../call/normalize.ts";
import type { NotifyLevel } from "../../contract/context.ts";
import { ErrorCode, ProtocolError } from "../../contract/errors.ts";
import { quote } from "../../contract/names/quote.ts";
import { LEVELS } from "../connection.ts";
import type { Extra, LegacyWire } from "./wire.ts";

/** Answers what is about a connection of the 2025 era, and no call. @throws ProtocolError for any other method */
export async function answerConnection(
  capabilities: App["capabilities"],
  subscriptions: Subscriptions,
  wire: LegacyWire,
  method: string,
  params: Record<string, unknown>,
  extra: Extra,
): Promise<Record<string, unknown>> {
  if (method === "ping") return {};
  if (method === "logging/setLevel" && "logging" in capabilities) {
    const level = LEVELS.indexOf(stringParam(params, "level", method) as NotifyLevel);
    if (level === -1)
      throw new ProtocolError(ErrorCode.invalidParams, `logging/setLevel needs one of: ${LEVELS.join(", ")}.`);
    wire.level = level;
    return {};
  }
  const subscribable = "subscribe" in (capabilities.resources ?? {});
  if (subscribable && method === "resources/subscribe") {
    await subscriptions.subscribe(stringParam(params, "uri", method), wire.of(params, extra));
    return {};
  }
  if (subscribable && method === "resources/unsubscribe") {
    subscriptions.unsubscribe(stringParam(params, "uri", method));
    return {};
  }
  throw new ProtocolError(ErrorCode.methodNotFound, `Method not found: ${quote(method, 128)}`);
}
