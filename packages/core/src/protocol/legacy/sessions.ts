import type { IncomingMessage, ServerResponse } from "node:http";
import type { App } from "../../app.ts";
import type { Caller } from "../../contract/context.ts";
import { isRefusal, type Message, type Refusal } from "../frame.ts";
import { refuseRequest } from "../http/answers.ts";
import type { HttpRefusal } from "../http/request-checks.ts";
import type { OpenWriter } from "../http/response-writer.ts";
import type { StraightHttp } from "../straight/http.ts";
import type { Straight } from "../straight/straight.ts";
import { checkExchange } from "./exchange-checks.ts";
import { openSession, type Session } from "./session.ts";
import { createSessionStore, type SessionOptions } from "./session-store.ts";

/** The 2025 era on HTTP. */
export interface Sessions {
  readonly size: number;
  /** Answers a request. `batch`: the messages came as a list. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    messages?: readonly (Message | Refusal)[],
    batch?: boolean,
  ): void | Promise<void>;
  close(): Promise<void>;
}

/** No session ends while it works, so a client can only come back. */
const NO_ROOM: HttpRefusal = {
  status: 503,
  message: "Too many open sessions, and all are at work. Try again later.",
  headers: { "retry-after": "5" },
};

const isMessage = (item: Message | Refusal): item is Message => !isRefusal(item);

/** The 2025 era's sessions: asking the user needs a way back. None is made before its handshake has proved good. */
export function createSessions(
  app: App,
  openWriter: OpenWriter,
  straight: Straight,
  straightHttp: StraightHttp,
  options: SessionOptions = {},
): Sessions {
  const stateless = options.sessions === "stateless";
  const store = createSessionStore(options);
  const open = (id: string, caller: Caller): Promise<Session> =>
    openSession(app, id, { caller, openWriter, straight, single: stateless });

  return {
    get size() {
      return store.size;
    },
    handle(request, response, caller, items, batch = false) {
      // Only of a batch can a part be refused.
      const messages = batch ? items?.filter(isMessage) : (items as readonly Message[] | undefined);
      const refusals = batch ? items?.filter(isRefusal) : undefined;
      const entry = stateless ? undefined : store.get(request.headers["mcp-session-id"] as string | undefined, caller);
      const refuse = (refusal: HttpRefusal): void =>
        refuseRequest(app, request, response, { id: messages?.[0]?.id, ...refusal });
      const refusal = checkExchange({ request, messages, batch, stateless, session: entry?.session });
      if (refusal !== undefined) return refuse(refusal);

      if (stateless) {
        const message = batch ? undefined : messages?.[0];
        if (message !== undefined && straightHttp.answerAlone(response, caller, message)) return;
        return open("", caller).then((alone) => {
          response.once("close", () => void alone.close());
          alone.answer(messages ?? [], response, caller, refusals);
        });
      }
      if (entry === undefined) {
        const made = store.add(request, caller, (id) => open(id, caller));
        return made.then((session) =>
          session === undefined ? refuse(NO_ROOM) : session.answer(messages ?? [], response, caller),
        );
      }
      store.touch(entry, response);
      if (messages !== undefined) return entry.session.answer(messages, response, caller, refusals);
      if (request.method !== "DELETE") return entry.session.listen(response);
      store.end(entry);
      response.writeHead(200).end();
    },
    close: store.close,
  };
}
