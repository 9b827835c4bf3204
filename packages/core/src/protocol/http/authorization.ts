import type { IncomingMessage, ServerResponse } from "node:http";
import type { App } from "../../app.ts";
import type { Caller } from "../../contract/context.ts";
import { ErrorCode } from "../../contract/errors.ts";
import { quote } from "../../contract/names/quote.ts";
import { decodeText, isBatch, isRefusal, LISTEN, type Message, parseMessage, type Refusal } from "../frame.ts";
import { refuseRequest } from "./answers.ts";
import { readBody } from "./body.ts";

/** Why a request is not let in. */
export interface Denied {
  /** 503 where it cannot be told now whether the caller is who it says. */
  status: 401 | 403 | 503;
  /** For the log, with what is known of the caller. Never the token. */
  reason: string;
  facts?: Record<string, unknown> | undefined;
  /** As RFC 6750 names it: `invalid_token` for a token that came and does not count. */
  error?: "invalid_token" | undefined;
  /** Scopes of a token that was this server's, and has expired. */
  granted?: readonly string[] | undefined;
  /** When to come back, in s. */
  retryAfterS?: number | undefined;
}

/** What the endpoint asks of what authenticates: `auth/`, or the `authenticate` of a server. */
export interface Authentication {
  /** Who sent a request, by its headers and its connection alone. */
  identify(request: IncomingMessage): Caller | Denied | Promise<Caller | Denied>;
  /** The WWW-Authenticate header of a refusal. */
  challenge(error: "invalid_token" | "insufficient_scope" | undefined, scopes: readonly string[]): string;
  /** Whether a caller that was let in would be let in now: it is asked again while a stream is open. */
  holds(caller: Caller): boolean;
  /** A public document at this path, as JSON: where clients get their tokens. */
  document?(path: string): object | undefined;
  /** Why no caller at all can be let in now; `undefined` where they can. */
  problem?(): string | undefined;
  /** Learns where the endpoint is, once it listens. */
  listening?(url: string): void;
  close?(): void;
}

/** `authenticate` of `serve`, or nobody. */
export function ownAuthentication(
  authenticate: ((request: IncomingMessage) => Caller | undefined | Promise<Caller | undefined>) | undefined,
): Authentication {
  const nobody: Denied = { status: 401, reason: "no caller" };
  return {
    identify: authenticate === undefined ? () => ANONYMOUS : async (request) => (await authenticate(request)) ?? nobody,
    challenge: (error, scopes) => bearer({ error, scope: error === undefined ? undefined : scopes.join(" ") }),
    holds: ({ expiresAt = Number.POSITIVE_INFINITY }) => Date.now() < expiresAt,
  };
}

const ANONYMOUS: Caller = { id: "anonymous" };

/** A challenge of RFC 6750. */
export function bearer(parameters: Record<string, string | undefined>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  return `Bearer ${given.map(([name, value]) => `${name}="${value?.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "")}"`).join(", ")}`.trim();
}

const isDenied = (one: Caller | Denied): one is Denied => "reason" in one;

/** What of a body is read of a client that is not let in, in bytes: to name the scopes that it should ask for. */
const MAX_DENIED_BYTES = 16_384;
/** How often it is asked whether the callers of open streams still hold, in ms. */
const LOOK_MS = 1_000;

export type Authorization = ReturnType<typeof createAuthorization>;

/** The gate of the HTTP endpoint: answers those that it does not let in, with what they can do about it. */
export function createAuthorization(app: App, authentication: Authentication) {
  const streams = new Map<ServerResponse, Caller>();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    for (const [response, caller] of streams) {
      // One without a head has yet to be opened: ended now, what it subscribes to would stay.
      if (!response.headersSent || authentication.holds(caller)) continue;
      app.log.info({ caller: caller.id }, "stream ended: its caller is no longer let in");
      response.end();
    }
  };

  /** Scopes that a client without a token should ask for: those of its request, or else all, since it will need them. */
  const wanted = async (request: IncomingMessage): Promise<readonly string[]> => {
    const { all } = app.scopes;
    const bytes = Number(request.headers["content-length"] ?? Number.NaN);
    if (all.length === 0 || request.method !== "POST" || !(bytes <= MAX_DENIED_BYTES)) return all;
    const body = await readBody(request, MAX_DENIED_BYTES, () => undefined);
    const text = Buffer.isBuffer(body) ? decodeText(body) : undefined;
    const parsed = typeof text === "string" ? parseMessage(text) : undefined;
    if (parsed === undefined || isRefusal(parsed)) return all;
    const needed = neededBy(isBatch(parsed) ? parsed.batch : [parsed], { id: "anonymous", scopes: [] });
    return needed.length === 0 ? all : needed;
  };

  const neededBy = (messages: readonly (Message | Refusal)[], caller: Caller): string[] => [
    ...new Set(
      messages.flatMap((message) =>
        isRefusal(message) || message.method === undefined
          ? []
          : app.scopes.of(message.method, message.params ?? {}, caller),
      ),
    ),
  ];

  const deny = async (request: IncomingMessage, response: ServerResponse, denied: Denied): Promise<undefined> => {
    const { status, reason, error, granted = [], facts, retryAfterS } = denied;
    const headers: Record<string, string> = retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) };
    if (status === 401) {
      // With what it had: some clients ask for the scopes of a challenge and no other.
      const scopes = new Set([...granted, ...(await wanted(request))]);
      headers["www-authenticate"] = authentication.challenge(error, [...scopes]);
    }
    refuseRequest(app, request, response, { status, message: MESSAGES[status], headers, facts: { reason, ...facts } });
  };

  return {
    /** Who sent this request; where nobody may come in by it, it has been answered. */
    admit(request: IncomingMessage, response: ServerResponse): Caller | Promise<Caller | undefined> {
      const settle = (found: Caller | Denied) => (isDenied(found) ? deny(request, response, found) : found);
      const found = authentication.identify(request);
      return found instanceof Promise ? found.then(settle) : settle(found);
    },

    /**
     * Whether a caller has all scopes of these messages; otherwise they have been answered, and nothing of them runs. One
     * challenge names them all, with what the caller has already: a client that asks for what it lacks alone would lose
     * the rest.
     */
    mayRun(
      messages: readonly (Message | Refusal)[],
      caller: Caller,
      request: IncomingMessage,
      response: ServerResponse,
    ): boolean {
      const { scopes } = caller;
      if (scopes === undefined) return true;
      const needed = neededBy(messages, caller);
      if (needed.every((scope) => scopes.includes(scope))) return true;
      const lacks = (message: Message): boolean => neededBy([message], caller).some((scope) => !scopes.includes(scope));
      const first = messages.find((message): message is Message => !isRefusal(message) && lacks(message));
      const { name, uri } = (first?.params ?? {}) as Record<string, unknown>;
      const about = quote(String(name ?? uri ?? first?.method), 128);
      refuseRequest(app, request, response, {
        status: 403,
        code: ErrorCode.forbidden,
        message: `${about} needs the scopes ${needed.join(" ")}.`,
        data: { required: needed },
        id: messages.length === 1 ? first?.id : undefined,
        headers: {
          "www-authenticate": authentication.challenge("insufficient_scope", [...new Set([...scopes, ...needed])]),
        },
        counted: "forbidden",
        facts: { reason: "insufficient_scope", caller: caller.id, rpc: first?.method, about, required: needed },
      });
      return false;
    },

    /** Ends this answer when its caller is no longer let in, if it is a stream without an end of its own. */
    follow(caller: Caller, request: IncomingMessage, response: ServerResponse, message?: Message): void {
      if (request.method !== "GET" && message?.method !== LISTEN) return;
      streams.set(response, caller);
      timer ??= setInterval(look, LOOK_MS).unref();
      response.once("close", () => {
        streams.delete(response);
        if (streams.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      });
    },
  };
}

const MESSAGES = {
  401: "Unauthorized.",
  403: "Forbidden.",
  503: "It cannot be checked who calls at the moment. Try again later.",
};
