import type { App } from "../app.ts";
import type { Change } from "../call/changes/changes.ts";
import type { WireRequest } from "../call/wire.ts";
import type { Caller, NotifyLevel } from "../contract/context.ts";
import { visible } from "../contract/names/quote.ts";
import { createMailbox } from "./mailbox.ts";

/** The notifications that a call sends of itself. */
export const PROGRESS = "notifications/progress";
export const LOG = "notifications/message";
/** From the least to the most severe. */
export const LEVELS: NotifyLevel[] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];
export interface Notification {
  method: string;
  params: Record<string, unknown>;
}

/** What a connection needs beside its transport, in either era. */
export interface ConnectionOptions {
  caller: Caller;
  transport: WireRequest["transport"];
  /** Resolves when the client has read enough of what was written; absent where nothing queues. */
  writable?: (() => Promise<void> | undefined) | undefined;
  /**
   * Resolves when the client has read enough for more notifications of this request, or without one of none;
   * `undefined` when it keeps up.
   */
  lag: (request?: string | number) => Promise<void> | undefined;
  /** Serves one request, and nothing can be asked or told beside its answer. */
  single?: boolean;
  /** Whether the request with this id still waits for its answer: not, once it was cancelled. */
  waits?: (id: string | number) => boolean;
}

/** Whom a request comes from, and how far its client is behind with reading the answer. */
export type RequestSource = Pick<ConnectionOptions, "caller" | "lag">;

/** Characters of an error's message. */
export const MAX_ERROR = 4_096;

/** For an error on its way to a client: the SDKs repeat what a client sent as it is. */
export function makeLegible(error: { message: string }): void {
  error.message = visible(error.message, MAX_ERROR);
}

/** The progress token of a request, where the client gave one. */
export function progressTokenOf(params: Record<string, unknown>): string | number | undefined {
  const token = (params._meta as { progressToken?: unknown } | undefined)?.progressToken;
  return typeof token === "string" || typeof token === "number" ? token : undefined;
}

/** What a client says it can be asked. `elicitation: {}` means forms; a client that does only URLs says so. */
export function asksOf(
  capabilities:
    | { elicitation?: { form?: unknown; url?: unknown } | undefined; sampling?: unknown; roots?: unknown }
    | undefined,
): WireRequest["asks"] {
  const { elicitation, sampling, roots } = capabilities ?? {};
  return {
    elicitation: elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined),
    sampling: sampling !== undefined,
    roots: roots !== undefined,
  };
}

/**
 * Tells a client of changes as fast as it reads: of one resource, only those it subscribed to.
 *
 * @returns how to stop
 */
export function forwardChanges(
  app: Pick<App, "changes">,
  { caller, lag }: RequestSource,
  subscriptions: { has(uri: string): boolean },
  tell: (change: Change) => void,
): () => void {
  const mailbox = createMailbox<Change>(tell, lag, true);
  return app.changes.listen(caller, (change) => {
    const isResource = change.type === "resource_updated";
    // The newest of each says all.
    if (!isResource || subscriptions.has(change.uri)) mailbox.put(change, isResource ? change.uri : change.type);
  });
}

/** A change as the notification that both eras share. */
export function notificationOf(change: Change): { method: string; params: Record<string, unknown> } {
  if (change.type === "resource_updated")
    return { method: "notifications/resources/updated", params: { uri: change.uri } };
  return { method: `notifications/${change.type.replace("_list_changed", "/list_changed")}`, params: {} };
}

/**
 * The SDKs' receivers try every message with several zod schemas to learn its kind; core has checked it already
 * (frame.ts). A tenth of a call's time, and some of a start's, since zod compiles each of them for the first. So requests
 * and notifications go to the methods behind the receiver. Those are private: where a later version of an SDK has none
 * of that name, messages take the usual way.
 */
export function receiveDirectly(server: object, transport: Receiver): void {
  const { onmessage } = transport;
  const { _onrequest, _onnotification } = server as Record<"_onrequest" | "_onnotification", Receive | undefined>;
  if (onmessage === undefined || typeof _onrequest !== "function" || typeof _onnotification !== "function") return;
  transport.onmessage = (message: object, extra?: never) => {
    if (!("method" in message)) onmessage(message as never, extra);
    else if ("id" in message) _onrequest.call(server, message, extra);
    else _onnotification.call(server, message, extra);
  };
}

type Receive = (message: object, extra: unknown) => void;

/** The part of either SDK's transports that takes messages. */
interface Receiver {
  onmessage?: ((message: never, extra?: never) => void) | undefined;
}
