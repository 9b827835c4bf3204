import { randomUUID } from "node:crypto";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { App } from "../app.ts";
import type { Caller } from "../contract/context.ts";
import { duplicateId, type Message } from "./frame.ts";
import { connectLegacy } from "./legacy.ts";
import { whenSent } from "./web.ts";

/** Limits of the 2025 era's HTTP sessions. */
export interface SessionOptions {
  /** Open sessions at once; past it, `initialize` is refused with 503. Default 1 000. */
  maxSessions?: number;
  /** A session unused for this long, in ms, is closed: clients rarely send DELETE. Default 30 minutes. */
  sessionIdleMs?: number;
  /** Requests of one session that may be open at once. Default 256. */
  maxInFlight?: number;
}

interface Session {
  transport: WebStandardStreamableHTTPServerTransport;
  caller: string;
  usedAt: number;
  /** Ids of requests being answered, and how to tell the server that one was abandoned. */
  inFlight: Set<string | number>;
  close(): Promise<void>;
}

/** The 2025 era on HTTP: sessions, because asking the user needs a way back. */
export interface Sessions {
  readonly size: number;
  handle(request: Request, message: Message | undefined, caller: Caller): Promise<Response>;
  close(): Promise<void>;
}

export function createSessions(
  app: App,
  { maxSessions = 1_000, sessionIdleMs = 1_800_000, maxInFlight = 256 }: SessionOptions = {},
): Sessions {
  const sessions = new Map<string, Session>();
  const sweep = setInterval(
    () => {
      const oldest = Date.now() - sessionIdleMs;
      for (const [id, session] of sessions) {
        if (session.usedAt < oldest && session.inFlight.size === 0) {
          sessions.delete(id);
          void session.close();
        }
      }
    },
    Math.min(sessionIdleMs, 60_000),
  );
  sweep.unref();

  const open = async (caller: Caller): Promise<Session> => {
    const session: Session = {
      transport: new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        // Answers stream: with plain JSON the SDK keeps one map entry for every call ever made (typescript-sdk#2559).
        enableJsonResponse: false,
        onsessioninitialized: (id) => {
          sessions.set(id, session);
        },
        onsessionclosed: (id) => {
          sessions.delete(id);
        },
      }),
      caller: caller.id,
      usedAt: Date.now(),
      inFlight: new Set(),
      close: async () => {},
    };
    session.close = await connectLegacy(app, session.transport as never, { caller, transport: "tcp" });
    return session;
  };

  return {
    get size() {
      return sessions.size;
    },
    async handle(request, message, caller) {
      const id = request.headers.get("mcp-session-id");
      // A session answers only its own caller; to anyone else it does not exist.
      const known = id === null ? undefined : sessions.get(id);
      if (id !== null && known?.caller !== caller.id)
        return answer(404, "Session not found. Send initialize to open a new one.", message?.id);
      if (known === undefined) {
        if (message?.method !== "initialize")
          return answer(400, "Bad Request: no Mcp-Session-Id header. Send initialize first.", message?.id);
        if (sessions.size >= maxSessions) return answer(503, "Too many open sessions. Try again later.", message.id);
      }
      const session = known ?? (await open(caller));
      session.usedAt = Date.now();
      const requestId = message?.method === undefined ? undefined : message.id;
      if (requestId === undefined) return session.transport.handleRequest(request, { parsedBody: message });
      if (session.inFlight.has(requestId)) return Response.json(duplicateId(requestId).answer, { status: 400 });
      if (session.inFlight.size >= maxInFlight)
        return answer(429, "Too many requests of this session are open.", requestId);
      session.inFlight.add(requestId);
      // The answer to an abandoned request could never be fetched (nothing is kept for resuming), so its work ends.
      const abandon = (): void =>
        session.transport.onmessage?.({
          jsonrpc: "2.0",
          method: "notifications/cancelled",
          params: { requestId, reason: "the client closed the connection" },
        });
      request.signal.addEventListener("abort", abandon, { once: true });
      const response = await session.transport.handleRequest(request, { parsedBody: message });
      return whenSent(response, () => {
        request.signal.removeEventListener("abort", abandon);
        session.inFlight.delete(requestId);
        session.usedAt = Date.now();
      });
    },
    async close() {
      clearInterval(sweep);
      await Promise.allSettled([...sessions.values()].map((session) => session.close()));
      sessions.clear();
    },
  };
}

const answer = (status: number, message: string, id: string | number | null = null): Response =>
  Response.json({ jsonrpc: "2.0", error: { code: -32_000, message }, id }, { status });
