import type { IncomingMessage, ServerResponse } from "node:http";
import type { App } from "../../app.ts";
import type { Caller } from "../../contract/context.ts";
import { asksOf } from "../connection.ts";
import { MODERN_VERSION } from "../era.ts";
import { type Message, stopAnswer } from "../frame.ts";
import { EVENT_STREAM } from "../http/event-stream.ts";
import type { OpenWriter } from "../http/response-writer.ts";
import { accepts } from "./accepts.ts";
import { Reply } from "./reply.ts";
import type { Peer, StraightRequest } from "./request.ts";
import type { Straight } from "./straight.ts";

/** The straight path of an HTTP endpoint, behind all that is checked of a request. */
export interface StraightHttp {
  /** Answers a request of the 2026 era. `false`: the SDK has to. */
  answer(request: IncomingMessage, response: ServerResponse, caller: Caller, message: Message): boolean;
  /** The same for one of the 2025 era that stands alone. */
  answerAlone(response: ServerResponse, caller: Caller, message: Message): boolean;
  /** Whether a request is of the 2025 era beyond doubt. `false`: the 2026 SDK has to look at it. */
  isLegacy(request: IncomingMessage, message: Message): boolean;
  /** Tells the calls that have not ended that they never will. */
  stop(): void;
}

/** A request that has not been answered. */
interface Open {
  readonly request: StraightRequest;
  readonly reply: Reply;
  /** Its index. */
  at: number;
}

/** What has to be in the header `Mcp-Name`, by method. */
const NAMED: Readonly<Record<string, "name" | "uri">> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
};

/** A client that keeps no session: nothing is known of it, and there is no way to ask it. */
const ALONE: Peer = {
  client: {},
  asks: asksOf(undefined),
  wants: () => false,
  ask: () => Promise.reject(new Error("a request that stands alone cannot ask")),
};

export function createStraightHttp(app: App, straight: Straight, openWriter: OpenWriter): StraightHttp {
  // In no order. Not a Map: see requests.ts of stdio.
  const open: Open[] = [];
  const run = (response: ServerResponse, caller: Caller, message: Message, peer?: Peer): boolean => {
    const reply = new Reply(response, openWriter, caller, peer === undefined ? undefined : EVENT_STREAM);
    const request = straight.take(message, reply, peer);
    if (request === undefined) return false;
    const entry: Open = { request, reply, at: open.length };
    open.push(entry);
    response.once("close", () => {
      const last = open.pop() as Open;
      if (last !== entry) {
        open[entry.at] = last;
        last.at = entry.at;
      }
      if (!response.writableFinished) request.cancel("the client closed the connection");
    });
    reply.begins();
    straight.begin(request);
    return true;
  };
  return {
    answer: ({ headers }, response, caller, message) =>
      app.straight && agree(headers, message) && run(response, caller, message),
    answerAlone: (response, caller, message) => app.straight && run(response, caller, message, ALONE),
    isLegacy: ({ headers }, message) => app.straight && isOlder(headers) && accepts(message, "2025"),
    stop() {
      for (const { request, reply } of [...open]) {
        reply.end(stopAnswer(request.id));
        request.cancel();
      }
    },
  };
}

type Headers = IncomingMessage["headers"];

const OLDER = /^202[45]-/;
const isOlder = ({ "mcp-protocol-version": version = "2025-" }: Headers): boolean => OLDER.test(version as string);

/** Whether the headers say what the message says, letter for letter. What is written otherwise, the SDK compares. */
function agree(headers: Headers, { method = "", params }: Message): boolean {
  if (headers["mcp-protocol-version"] !== MODERN_VERSION || headers["mcp-method"] !== method) return false;
  const named = Object.hasOwn(NAMED, method) ? NAMED[method] : undefined;
  return headers["mcp-name"] === (named === undefined ? undefined : params?.[named]);
}
