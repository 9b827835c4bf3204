import type { ServerContext } from "@modelcontextprotocol/server";
import type { WireRequest } from "../../call/wire.ts";
import type { ClientInfo } from "../../contract/context.ts";
import {
  asksOf,
  type ConnectionOptions,
  LEVELS,
  LOG,
  type Notification,
  PROGRESS,
  progressTokenOf,
} from "../connection.ts";
import { CLIENT_CAPABILITIES, CLIENT_INFO, PROTOCOL_VERSION } from "../era.ts";
import { createMailbox, type Mailbox } from "../mailbox.ts";

/** One of core's methods. */
export type Answer = (params: Record<string, unknown>, wire: WireRequest) => Promise<object>;

/** Answers a call; what it has told its client of itself comes before. */
export async function answerWith(
  answer: Answer,
  params: Record<string, unknown>,
  context: ServerContext,
  options: ConnectionOptions,
): Promise<Record<string, unknown>> {
  const { mcpReq } = context;
  let mailbox: Mailbox<Notification> | undefined;
  const notify = (method: string, body: Record<string, unknown>): void => {
    mailbox ??= createMailbox<Notification>(
      (sent) => {
        const { level, data } = sent.params as { level: never; data: unknown };
        // The SDK knows which levels this request wants.
        void (sent.method === LOG ? mcpReq.log(level, data) : mcpReq.notify(sent as never)).catch(() => {});
      },
      () => options.lag(mcpReq.id),
    );
    mailbox.put({ method, params: body }, method === PROGRESS ? PROGRESS : undefined);
  };
  try {
    return (await answer(params, wireOf(params, context, options, notify))) as Record<string, unknown>;
  } finally {
    mailbox?.flush();
  }
}

function wireOf(
  params: Record<string, unknown>,
  { mcpReq }: ServerContext,
  { caller, transport, writable, waits }: ConnectionOptions,
  notify: WireRequest["notify"],
): WireRequest {
  const envelope = (mcpReq.envelope ?? {}) as Record<string, unknown>;
  const capabilities = envelope[CLIENT_CAPABILITIES] as (Parameters<typeof asksOf>[0] & ClientInfo) | undefined;
  const client = envelope[CLIENT_INFO] as { name?: string; version?: string } | undefined;
  const state = mcpReq.requestState<unknown>();
  return {
    era: "2026",
    transport,
    caller,
    client:
      capabilities?.extensions === undefined ? (client ?? {}) : { ...client, extensions: capabilities.extensions },
    signal: mcpReq.signal,
    // The SDK takes messages one by one, and a cancellation reaches its signal after the handler has begun.
    cancelled: () => mcpReq.signal.aborted || waits?.(mcpReq.id) === false,
    progressToken: progressTokenOf({ _meta: mcpReq._meta ?? params._meta }),
    asks: asksOf(capabilities),
    notify,
    message(level, data) {
      if (LEVELS.includes(level)) notify(LOG, { level, data });
    },
    // Anything but a string was not sealed by core, and is refused.
    requestState: state === undefined || typeof state === "string" ? state : JSON.stringify(state),
    answers: mcpReq.inputResponses,
    meta: mcpReq._meta,
    requestId: mcpReq.id,
    protocolVersion: envelope[PROTOCOL_VERSION] as string | undefined,
    writable,
  };
}
