import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { InitializeRequestSchema, SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import { heapLimit } from "../../admission/bytes.ts";
import { isNobody } from "../../admission/places.ts";
import type { App } from "../../app.ts";
import { type Caller, identityOf } from "../../contract/context.ts";
import { ErrorCode } from "../../contract/errors.ts";
import {
  BAD_INITIALIZE,
  BATCH_VERSION,
  duplicateId,
  isRefusal,
  JITLESS,
  type Message,
  type Refusal,
} from "../frame.ts";
import { refused } from "../http/answers.ts";
import type { HttpRefusal } from "../http/request-checks.ts";
import type { OpenWriter } from "../http/response-writer.ts";
import { openSession, type Session } from "./session.ts";

/** Limits of the 2025 era's HTTP sessions. */
export interface SessionOptions {
  /**
   * Open sessions at once. Past it the longest idle one makes room, of the address (or caller) that has the most.
   * Default 1 000, fewer where the heap is small.
   */
  maxSessions?: number | undefined;
  /** A session unused for this long, in ms, is closed: clients rarely send DELETE. Default 30 minutes. */
  sessionIdleMs?: number | undefined;
  /** `stateless` keeps none: each request stands alone, and no question can be put to a user. Default `stateful`. */
  sessions?: "stateful" | "stateless" | undefined;
}

/** A session that nothing came of but its handshake is closed after this long, in ms. */
const UNUSED_MS = 30_000;
/** What a session takes of the heap, in bytes, generously. */
const SESSION_BYTES = 131_072;
/** Requests of one session that may be open at once. */
const MAX_IN_FLIGHT = 256;
/** When a client may try again that found no room, in s. */
const RETRY_AFTER_S = "5";

interface Kept {
  readonly session: Session;
  readonly caller: string;
  /** Who is counted: an authenticated caller, or an address. */
  readonly owner: string;
  /** Whether anything but its handshake was sent. */
  used: boolean;
  /** On the clock of `performance.now()`: a change of the wall clock must not end it. */
  usedAt: number;
}

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
  ): Promise<void>;
  close(): Promise<void>;
}

type Sent = [messages: readonly Message[], refusals: readonly Refusal[] | undefined];

/** The 2025 era's sessions: asking the user needs a way back. None is made before its handshake has proved good. */
export function createSessions(app: App, openWriter: OpenWriter, options: SessionOptions = {}): Sessions {
  const { sessionIdleMs = 1_800_000 } = options;
  const stateless = options.sessions === "stateless";
  const room = Math.floor(heapLimit() / SESSION_BYTES);
  const { maxSessions = Math.min(1_000, room) } = options;
  const sessions = new Map<string, Kept>();

  const end = (kept: Kept): void => {
    sessions.delete(kept.session.id);
    void kept.session.close();
  };
  const sweep = setInterval(
    () => {
      const now = performance.now();
      for (const kept of sessions.values()) {
        const idleMs = kept.used ? sessionIdleMs : Math.min(UNUSED_MS, sessionIdleMs);
        if (now - kept.usedAt > idleMs && kept.session.inFlight.size === 0) end(kept);
      }
    },
    Math.min(sessionIdleMs, 10_000),
  ).unref();

  /** Ends an idle session of who has the most, so that a crowd makes room for others and not they for it. */
  const makeRoom = (owner: string): boolean => {
    while (sessions.size >= maxSessions) {
      const longest = longestIdle(owner);
      if (longest === undefined) return false;
      end(longest);
    }
    return true;
  };
  const longestIdle = (owner: string): Kept | undefined => {
    const counts = new Map<string, number>();
    for (const kept of sessions.values()) counts.set(kept.owner, (counts.get(kept.owner) ?? 0) + 1);
    const own = counts.get(owner) ?? 0;
    const rank = (kept: Kept): number[] => [
      -(counts.get(kept.owner) as number),
      Number(kept.used),
      Number(kept.session.listens),
      kept.usedAt,
    ];
    let longest: Kept | undefined;
    for (const kept of sessions.values()) {
      if (kept.session.inFlight.size > 0 || (counts.get(kept.owner) as number) < Math.max(1, own)) continue;
      if (longest === undefined || isBefore(rank(kept), rank(longest))) longest = kept;
    }
    return longest;
  };

  const open = (id: string, caller: Caller): Promise<Session> =>
    openSession(app, id, { caller, openWriter, single: stateless });

  const answerAlone = async (response: ServerResponse, caller: Caller, ...sent: Sent): Promise<void> => {
    const session = await open("", caller);
    response.once("close", () => void session.close());
    session.answer(sent[0], response, caller, sent[1]);
  };

  return {
    get size() {
      return sessions.size;
    },
    async handle(request, response, caller, items, batch = false) {
      const messages = items?.filter((item): item is Message => !isRefusal(item));
      const refusals = items?.filter(isRefusal);
      const [first] = messages ?? [];
      const refuse = (refusal: HttpRefusal): void => refused(app, request, response, { id: first?.id, ...refusal });
      const { "mcp-session-id": id, "mcp-protocol-version": header } = request.headers as Record<string, string>;
      const accepts = (type: string): boolean => /\*\/\*/.test(accept) || accept.includes(type);
      const accept = (request.headers.accept ?? "").toLowerCase();
      if (
        request.method !== "DELETE" &&
        !(accepts("text/event-stream") && (messages === undefined || accepts("application/json")))
      )
        return refuse({
          status: 406,
          message: `Not Acceptable: Accept must list ${messages === undefined ? "" : "application/json and "}text/event-stream.`,
        });
      if (header !== undefined && !SUPPORTED_PROTOCOL_VERSIONS.includes(header))
        return refuse({
          status: 400,
          message: `Bad Request: unsupported MCP-Protocol-Version. This server has ${SUPPORTED_PROTOCOL_VERSIONS.join(", ")}.`,
        });
      if (stateless && messages === undefined)
        return refuse({
          status: 405,
          message: "Method not allowed: this server keeps no sessions. Use POST.",
          headers: { allow: "POST" },
        });
      const initializes = messages?.some(({ method }) => method === "initialize") === true;
      // A session answers only its own caller; to anyone else it does not exist.
      const kept = id === undefined ? undefined : sessions.get(id);
      if (!stateless && id !== undefined && kept?.caller !== identityOf(caller))
        return refuse({
          status: 404,
          code: -32_001,
          message: "Session not found. Send initialize to open a new one.",
        });
      const version = kept?.session.version ?? header ?? BATCH_VERSION;
      if (batch && (initializes || version !== BATCH_VERSION))
        return refuse({
          status: 400,
          code: ErrorCode.invalidRequest,
          message: `Only revision ${BATCH_VERSION} has batches, and initialize is never in one. Send one message at a time.`,
          id: undefined,
        });
      if (initializes) {
        const wrong = checkInitialize(first as Message, kept !== undefined);
        if (wrong !== undefined) return refuse(wrong);
      }
      if (stateless) return answerAlone(response, caller, messages ?? [], refusals);
      if (kept === undefined) {
        if (!initializes)
          return refuse({ status: 400, message: "Bad Request: no Mcp-Session-Id header. Send initialize first." });
        const owner = isNobody(caller.id) ? (request.socket.remoteAddress ?? "") : caller.id;
        if (!makeRoom(owner))
          return refuse({
            status: 503,
            message: "Too many open sessions, and all are at work. Try again later.",
            headers: { "retry-after": RETRY_AFTER_S },
          });
        const session = await open(randomUUID(), caller);
        sessions.set(session.id, {
          session,
          caller: identityOf(caller),
          owner,
          used: false,
          usedAt: performance.now(),
        });
        return session.answer(messages as Message[], response, caller);
      }
      const { session } = kept;
      kept.used = true;
      kept.usedAt = performance.now();
      response.once("close", () => {
        kept.usedAt = performance.now();
      });
      if (request.method === "DELETE") {
        end(kept);
        response.writeHead(200).end();
        return;
      }
      if (messages === undefined) {
        if (session.listens)
          return refuse({
            status: 409,
            message: "Conflict: this session has a stream already, and there is one at most.",
          });
        return session.listen(response);
      }
      const ids = messages.flatMap((message) =>
        message.method === undefined || message.id === undefined ? [] : [message.id],
      );
      const taken = ids.find((one, index) => session.inFlight.has(one) || ids.indexOf(one) !== index);
      if (taken !== undefined) {
        const { error } = duplicateId(taken).answer;
        return refuse({ status: 400, code: error.code, message: error.message, id: taken });
      }
      if (session.inFlight.size + ids.length > MAX_IN_FLIGHT)
        return refuse({
          status: 429,
          message: "Too many requests of this session are open.",
          headers: { "retry-after": "1" },
        });
      session.answer(messages, response, caller, refusals);
    },
    async close() {
      clearInterval(sweep);
      await Promise.allSettled([...sessions.values()].map(({ session }) => session.close()));
      sessions.clear();
    },
  };
}

/** What is wrong with a handshake. */
function checkInitialize(message: Message, again: boolean): HttpRefusal | undefined {
  const invalid = { status: 400, code: ErrorCode.invalidRequest };
  if (message.id === undefined) return { ...invalid, message: "initialize needs an id: its answer names the session." };
  if (!InitializeRequestSchema.safeParse(message, JITLESS).success)
    return { status: 400, code: ErrorCode.invalidParams, message: BAD_INITIALIZE };
  if (again) return { ...invalid, message: "This session is initialized. Open another, without its Mcp-Session-Id." };
  return undefined;
}

/** Whether the first list of numbers comes before the second. */
function isBefore(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at !== -1 && (one[at] as number) < (other[at] as number);
}
