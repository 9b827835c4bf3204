import type { ServerResponse } from "node:http";
import type { App } from "../../app.ts";
import { stringifyMessage } from "../../call/output/ready-json.ts";
import type { Caller } from "../../contract/context.ts";
import { makeLegible } from "../connection.ts";
import { type Message, type Refusal, stopAnswer } from "../frame.ts";
import { EVENT_STREAM, eventOf, openEventStream } from "../http/event-stream.ts";
import type { OpenWriter, ResponseWriter } from "../http/response-writer.ts";
import { Reply } from "../straight/reply.ts";
import type { StraightRequest } from "../straight/request.ts";
import type { Straight } from "../straight/straight.ts";
import { connectLegacy } from "./connect-legacy.ts";
import { createOvertaken } from "./overtaken.ts";

/** A POST that is being answered: one request, or those of a batch. */
interface Exchange {
  /** Takes messages as JSON. */
  readonly reply: Pick<Reply, "write" | "lag" | "end">;
  readonly open: Set<string | number>;
  /** Where it is one request that goes without the SDK. */
  readonly straight?: StraightRequest | undefined;
}

/** A client of the 2025 era over HTTP: what its requests have in common. */
export interface Session {
  readonly id: string;
  /** The revision that was agreed on, once it has been. */
  readonly version: string | undefined;
  /** Ids of its requests that wait for an answer. */
  readonly inFlight: { has(id: string | number): boolean; readonly size: number };
  /** Whether it has a stream for what answers no request. */
  readonly listens: boolean;
  /** Answers these messages of its caller on this response, and what of their batch was refused. */
  answer(messages: readonly Message[], response: ServerResponse, caller: Caller, refusals?: readonly Refusal[]): void;
  /** Opens the stream for what answers no request; there is one at most. */
  listen(response: ServerResponse): void;
  /** @param stops the server ends, which its calls are told; else it is its client that has gone */
  close(stops?: boolean): Promise<void>;
}

/** What a {@link Session} is made with. */
export interface SessionContext {
  caller: Caller;
  openWriter: OpenWriter;
  straight: Straight;
  /** Serves one POST only: whom could a question be sent to, and when would it be answered? */
  single: boolean;
}

/**
 * The 2025 era's Streamable HTTP. Own streams, because the SDK's leave one open and its id taken when a call is
 * cancelled, keep a server for each handshake that fails, and know nothing of how fast a client reads.
 */
export async function openSession(app: App, id: string, context: SessionContext): Promise<Session> {
  const { caller, openWriter, straight, single } = context;
  const exchanges = new Map<string | number, Exchange>();
  let standalone: ResponseWriter | undefined;
  let version: string | undefined;
  const transport = {
    sessionId: single ? undefined : id,
    onmessage: undefined as ((message: Message, extra?: { authInfo: Caller }) => void) | undefined,
    onclose: undefined as (() => void) | undefined,
    start: async () => {},
    close: async () => transport.onclose?.(),
    send: async (message: Message, { relatedRequestId }: { relatedRequestId?: string | number } = {}) => {
      const answers = message.method === undefined ? message.id : undefined;
      if (answers !== undefined && message.error !== undefined) makeLegible(message.error as { message: string });
      const to = answers ?? relatedRequestId;
      const exchange = to === undefined ? undefined : exchanges.get(to);
      version ??= (message.result as { protocolVersion?: string } | undefined)?.protocolVersion;
      if (to === undefined) standalone?.write(eventOf(stringifyMessage(message)));
      else exchange?.reply.write(stringifyMessage(message));
      if (answers !== undefined) settle(answers);
    },
  };
  const overtaken = createOvertaken();
  const settle = (request: string | number): void => {
    const exchange = exchanges.get(request);
    exchanges.delete(request);
    exchange?.open.delete(request);
    if (exchange?.open.size === 0) exchange.reply.end();
  };
  const cancel = (requestId: string | number, reason: string): void =>
    transport.onmessage?.({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId, reason } });

  const head = single ? EVENT_STREAM : [...EVENT_STREAM, "mcp-session-id", id];
  const openStream = (response: ServerResponse): ResponseWriter =>
    openEventStream(response, openWriter, caller.id, head);

  const { close, peer } = await connectLegacy(app, transport as never, {
    caller,
    transport: "tcp",
    single,
    lag: (request) => (request === undefined ? standalone : exchanges.get(request)?.reply)?.lag(),
  });

  /** The exchange of a request that needs no SDK. */
  const takeStraight = (message: Message | undefined, response: ServerResponse, from: Caller): Exchange | undefined => {
    const client = app.straight ? peer() : undefined;
    if (client === undefined || message === undefined) return undefined;
    const reply = new SessionReply(exchanges, response, openWriter, from, head, id);
    const request = straight.take(message, reply, client);
    if (request === undefined) return undefined;
    reply.begins();
    return { reply, open: new Set([request.id]), straight: request };
  };
  return {
    id,
    inFlight: exchanges,
    get version() {
      return version;
    },
    get listens() {
      return standalone !== undefined;
    },
    answer(messages, response, caller, refusals = []) {
      const requests = messages.filter((message) => message.method !== undefined && message.id !== undefined);
      const answered = requests.length + refusals.length > 0;
      const alone = messages.length === 1 && refusals.length === 0 ? messages[0] : undefined;
      const taken = takeStraight(alone, response, caller);
      if (answered) {
        const open = new Set(requests.map((message) => message.id as string | number));
        const exchange: Exchange = taken ?? { open, reply: repliesOn(openStream(response)) };
        for (const request of open) exchanges.set(request, exchange);
        for (const refusal of refusals) exchange.reply.write(JSON.stringify(refusal.answer));
        if (open.size === 0) exchange.reply.end();
        response.on("close", () => {
          // The answer to an abandoned request could never be fetched (nothing is kept for resuming): its work ends.
          for (const request of open) {
            if (exchanges.get(request) !== exchange) continue;
            if (exchange.straight === undefined) cancel(request, CLOSED);
            else exchange.straight.cancel(CLOSED);
            settle(request);
          }
        });
      }
      for (const message of messages) {
        const { requestId, reason } = message.method === "notifications/cancelled" ? (message.params ?? {}) : {};
        const cancelled = exchanges.get(requestId as string);
        // It will have no answer: its stream ends and its id is free, once the call has heard of it.
        if (cancelled !== undefined)
          setImmediate(() => exchanges.get(requestId as string) === cancelled && settle(requestId as string));
        else overtaken.cancel(requestId);
        const { id: request, method } = message;
        if (method !== undefined && request !== undefined && overtaken.arrive(request)) settle(request);
        else if (taken?.straight !== undefined) straight.begin(taken.straight);
        else if (cancelled?.straight !== undefined) cancelled.straight.cancel(reason);
        else transport.onmessage?.(message, { authInfo: caller });
      }
      if (!answered) response.writeHead(202).end();
    },
    listen(response) {
      const writer = openStream(response);
      standalone = writer;
      response.once("close", () => {
        if (standalone === writer) standalone = undefined;
      });
    },
    async close(stops = false) {
      for (const [request, exchange] of [...exchanges]) {
        if (stops) exchange.reply.write(stopAnswer(request));
        settle(request);
        exchange.straight?.cancel(CLOSED);
      }
      standalone?.end();
      await close();
    },
  };
}

/** The answer to a request that goes without the SDK. */
class SessionReply extends Reply {
  readonly #exchanges: Map<string | number, Exchange>;
  constructor(exchanges: Map<string | number, Exchange>, ...rest: ConstructorParameters<typeof Reply>) {
    super(...rest);
    this.#exchanges = exchanges;
  }
  override answer(request: StraightRequest, json: string): void {
    // Cancelled: its stream ends without an answer.
    if (this.#exchanges.get(request.id)?.straight !== request || request.cancelled()) return;
    this.#exchanges.delete(request.id);
    this.end(json);
  }
}

const CLOSED = "the client closed the connection";

/** A stream that is open already, as messages are sent on it. */
const repliesOn = (writer: ResponseWriter): Exchange["reply"] => ({
  write: (json) => writer.write(eventOf(json)),
  lag: () => writer.lag(),
  end: () => writer.end(),
});
