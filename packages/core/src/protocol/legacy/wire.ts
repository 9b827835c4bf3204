import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListRootsResultSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { QUESTION_MS } from "../../call/asking/state-seal.ts";
import type { ClientRequest, WireRequest } from "../../call/wire.ts";
import type { Caller } from "../../contract/context.ts";
import {
  asksOf,
  type ConnectionOptions,
  LEVELS,
  LOG,
  type Notification,
  PROGRESS,
  progressTokenOf,
} from "../connection.ts";
import { createMailbox, type Mailbox } from "../mailbox.ts";
import type { Peer } from "../straight/request.ts";
import type { Numbers } from "./legacy-ids.ts";

type Id = string | number;
// biome-ignore lint/suspicious/noExplicitAny: the SDK's own request and notification types play no part: all methods are ours
export type Extra = RequestHandlerExtra<any, any>;

/** A connection's requests as the six stages know them. */
export interface LegacyWire {
  /** Index into `LEVELS` of the least severe log message that the client wants. */
  level: number;
  of(params: Record<string, unknown>, extra: Extra): WireRequest;
  /** The request with this number, inside, is answered next, or will not be: what was told of it goes out first. */
  end(number: number): void;
  /** The client, once it has said who it is, for its requests that go without the SDK. */
  peer(): Peer | undefined;
}

export function createLegacyWire(
  server: Server,
  { caller, transport, writable, lag, single = false }: ConnectionOptions,
  { idOf, open, forget }: Numbers,
): LegacyWire {
  const mailboxes = new Map<Id, Mailbox<Notification>>();

  // What the client said in `initialize`, which is once.
  let facts: Pick<WireRequest, "client" | "asks"> | undefined;
  const readFacts = (): Pick<WireRequest, "client" | "asks"> => {
    const client = server.getClientVersion();
    if (client === undefined || single) return { client: client ?? {}, asks: asksOf(undefined) };
    const capabilities = server.getClientCapabilities();
    const { name, version } = client;
    facts = { client: { name, version, extensions: capabilities?.extensions as never }, asks: asksOf(capabilities) };
    return facts;
  };

  const openMailbox = ({ requestId: number, sendNotification }: Extra, requestId: Id | undefined) => {
    const mailbox = createMailbox<Notification>(
      (message) => void sendNotification(message).catch(() => {}),
      () => lag(requestId),
    );
    mailboxes.set(number, mailbox);
    return mailbox;
  };

  const wants: Peer["wants"] = (wanted) => !single && LEVELS.indexOf(wanted) >= wire.level;
  const askClient = async (request: ClientRequest, signal: AbortSignal, number: Id): Promise<Record<string, unknown>> =>
    (await server.request(request as never, ANSWERS[request.method] as never, {
      signal,
      timeout: QUESTION_MS,
      relatedRequestId: number,
    })) as Record<string, unknown>;
  const askAbout: Peer["ask"] = async (request, signal, id) => {
    const number = open(id);
    try {
      return await askClient(request, signal, number);
    } finally {
      forget(number);
    }
  };
  let peer: Peer | undefined;

  const wire: LegacyWire = {
    level: 0,
    of(params, extra) {
      const { client, asks } = facts ?? readFacts();
      const requestId = idOf(extra.requestId);
      const notify = (method: string, body: Record<string, unknown>): void => {
        const mailbox = mailboxes.get(extra.requestId) ?? openMailbox(extra, requestId);
        mailbox.put({ method, params: body }, method === PROGRESS ? PROGRESS : undefined);
      };
      return {
        era: "2025",
        transport,
        // Another request of a session may come with another token, which grants more, or less.
        caller: (extra.authInfo as Caller | undefined) ?? caller,
        client,
        signal: extra.signal,
        progressToken: progressTokenOf(params),
        asks,
        notify,
        message(wanted, data) {
          if (wants(wanted)) notify(LOG, { level: wanted, data });
        },
        ask: (request, signal) => askClient(request, signal, extra.requestId),
        meta: extra._meta,
        requestId,
        sessionId: extra.sessionId,
        writable,
      };
    },
    end(number) {
      mailboxes.get(number)?.flush();
      mailboxes.delete(number);
    },
    peer() {
      if (peer === undefined && server.getClientVersion() !== undefined)
        peer = { ...(facts ?? readFacts()), wants, ask: askAbout };
      return peer;
    },
  };
  return wire;
}

const ANSWERS = {
  "elicitation/create": ElicitResultSchema,
  "sampling/createMessage": CreateMessageResultSchema,
  "roots/list": ListRootsResultSchema,
};
