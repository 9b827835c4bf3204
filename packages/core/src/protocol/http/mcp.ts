import type { IncomingMessage, ServerResponse } from "node:http";
import { isLegacyRequest } from "@modelcontextprotocol/server";
import type { App } from "../../app.ts";
import type { Caller } from "../../contract/context.ts";
import {
  decodeText,
  isBatch,
  isRefusal,
  LISTEN,
  MAX_MESSAGE_BYTES,
  type Message,
  parseMessage,
  type Refusal,
} from "../frame.ts";
import type { SessionOptions } from "../legacy/session-store.ts";
import { createSessions } from "../legacy/sessions.ts";
import { createModernHandler } from "../modern/modern-handler.ts";
import { createStraightHttp } from "../straight/http.ts";
import { createStraight } from "../straight/straight.ts";
import { allowOrigin, badMessage, METHODS, notAllowed, plain, refuseRequest } from "./answers.ts";
import type { Authorization } from "./authorization.ts";
import { readMessage } from "./body.ts";
import type { HttpRefusal } from "./request-checks.ts";
import { createResponseWriters, type ResponseWriter } from "./response-writer.ts";
import { createTurns } from "./turns.ts";
import { toWebRequest, writeWebResponse } from "./web.ts";

/** What answers at `/mcp`. Not one async function stands in the way of a call that needs nothing to be waited for. */
export interface Mcp {
  /** Answers a request whose headers have been checked. */
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
  /** Open sessions of the 2025 era. */
  readonly sessions: number;
  /** Answers on their way, which an end waits for. */
  readonly answering: number;
  /** Takes no new work from now on. */
  refuse(): void;
  close(): Promise<unknown>;
}

const DRAINING: HttpRefusal = {
  status: 503,
  message: "The server is shutting down.",
  headers: { "retry-after": "5" },
};
const ALLOWED = new Set(METHODS.split(", "));

export function createMcp(app: App, authorization: Authorization, options: SessionOptions): Mcp {
  const openWriter = createResponseWriters(app);
  const straight = createStraight(app);
  const straightHttp = createStraightHttp(app, straight, openWriter);
  const sessions = createSessions(app, openWriter, straight, straightHttp, options);
  const modern = createModernHandler(app, MAX_MESSAGE_BYTES);
  const turnOf = createTurns();
  let draining = false;
  let answering = 0;
  const answered = (): void => {
    answering -= 1;
  };

  /** The 2026 era, by its SDK; unless it finds that the request is of the other. */
  const answerModern = async (
    incoming: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    message: Message,
  ): Promise<void> => {
    const request = toWebRequest(incoming, response);
    if (await isLegacyRequest(request, message)) return sessions.handle(incoming, response, caller, [message]);
    let writer: ResponseWriter | undefined;
    const lag = () => writer?.lag();
    await writeWebResponse(await modern.fetch(request, message, { caller, lag }), response, () => {
      writer = openWriter(response, caller.id);
      return writer;
    });
  };

  /** Answers messages whose turn it is: without an SDK, or by that of the request's era. */
  const begin = (
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    messages: readonly (Message | Refusal)[],
    alone: Message | undefined,
  ): void | Promise<void> => {
    if (response.destroyed) return;
    // Its body, or its turn, came after the server had begun to stop: nothing waits for what would begin now.
    if (draining && messages.some(isRequest))
      return refuseRequest(app, request, response, { ...DRAINING, id: alone?.id });
    if (alone?.method !== LISTEN) {
      answering += 1;
      response.on("close", answered);
    }
    if (alone === undefined) return sessions.handle(request, response, caller, messages, true);
    if (straightHttp.answer(request, response, caller, alone)) return;
    if (straightHttp.isLegacy(request, alone)) return sessions.handle(request, response, caller, messages);
    return answerModern(request, response, caller, alone);
  };

  /** Looks at what a request carries. */
  const take = (
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    body: Buffer | HttpRefusal,
  ): void | Promise<void> => {
    if (!Buffer.isBuffer(body)) return refuseRequest(app, request, response, body);
    const text = decodeText(body);
    const message = typeof text === "string" ? parseMessage(text) : text;
    if (isRefusal(message)) return badMessage(app, response, message);
    const alone = isBatch(message) ? undefined : message;
    const messages = isBatch(message) ? message.batch : [message];
    if (!authorization.mayRun(messages, caller, request, response)) return;
    authorization.follow(caller, request, response, alone);
    const turn = turnOf(alone?.method);
    if (turn === undefined) return begin(request, response, caller, messages, alone);
    return turn.then(() => begin(request, response, caller, messages, alone));
  };

  const enter = (
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller | undefined,
  ): void | Promise<void> => {
    // One that has left is never heard of again: a stream for it would stay.
    if (caller === undefined || response.destroyed) return;
    if (request.method === "POST")
      return readMessage(app, request, response).then((body) => take(request, response, caller, body));
    authorization.follow(caller, request, response);
    return sessions.handle(request, response, caller);
  };

  return {
    handle(request, response) {
      const { method = "", headers } = request;
      allowOrigin(request, response);
      if (method === "OPTIONS" && headers.origin !== undefined) return plain(response, 204, "");
      if (!ALLOWED.has(method)) return notAllowed(app, request, response, METHODS);
      // The answer to a question of a call that runs still has to come in.
      const maybeAnswer = method === "POST" && headers["mcp-session-id"] !== undefined;
      if (draining && !maybeAnswer) return refuseRequest(app, request, response, DRAINING);
      const caller = authorization.admit(request, response);
      if (!(caller instanceof Promise)) return enter(request, response, caller);
      return caller.then((found) => enter(request, response, found));
    },
    get sessions() {
      return sessions.size;
    },
    get answering() {
      return answering;
    },
    refuse() {
      draining = true;
    },
    close() {
      straightHttp.stop();
      return Promise.allSettled([modern.close(), sessions.close()]);
    },
  };
}

const isRequest = (message: Message | Refusal): boolean =>
  !isRefusal(message) && message.method !== undefined && message.id !== undefined;
