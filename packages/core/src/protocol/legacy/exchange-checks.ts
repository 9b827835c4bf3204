import type { IncomingMessage } from "node:http";
import { InitializeRequestSchema, SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import { ErrorCode } from "../../contract/errors.ts";
import { BAD_INITIALIZE, BATCH_VERSION, duplicateId, JITLESS, type Message } from "../frame.ts";
import type { HttpRefusal } from "../http/request-checks.ts";
import type { Session } from "./session.ts";

/** A request of the 2025 era over HTTP, as it is checked. */
export interface Exchange {
  readonly request: IncomingMessage;
  /** What a POST carries; `undefined` for GET and DELETE. */
  readonly messages: readonly Message[] | undefined;
  /** The messages came as a list. */
  readonly batch: boolean;
  readonly stateless: boolean;
  /** The session that the request names, where it is the caller's. */
  readonly session: Session | undefined;
}

type Check = (exchange: Exchange) => HttpRefusal | undefined;

/** Requests of one session that may be open at once. */
const MAX_IN_FLIGHT = 256;

const header = ({ request }: Exchange, name: string): string | undefined => request.headers[name] as string | undefined;
const initializes = ({ messages }: Exchange): boolean => {
  for (const { method } of messages ?? []) if (method === "initialize") return true;
  return false;
};
const ANSWER_TYPES: readonly string[] = ["application/json", "text/event-stream"];
const STREAM_TYPES: readonly string[] = ["text/event-stream"];

const checkAccept: Check = (exchange) => {
  const { request, messages } = exchange;
  if (request.method === "DELETE") return undefined;
  const accept = (header(exchange, "accept") ?? "").toLowerCase();
  const wanted = messages === undefined ? STREAM_TYPES : ANSWER_TYPES;
  if (accept.includes("*/*") || wanted.every((type) => accept.includes(type))) return undefined;
  return { status: 406, message: `Not Acceptable: Accept must list ${wanted.join(" and ")}.` };
};

const checkVersion: Check = (exchange) => {
  const version = header(exchange, "mcp-protocol-version");
  if (version === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(version)) return undefined;
  const supported = SUPPORTED_PROTOCOL_VERSIONS.join(", ");
  return {
    status: 400,
    message: `Bad Request: unsupported MCP-Protocol-Version. This server has ${supported}.`,
  };
};

const checkStateless: Check = ({ stateless, messages }) => {
  if (!stateless || messages !== undefined) return undefined;
  const message = "Method not allowed: this server keeps no sessions. Use POST.";
  return { status: 405, message, headers: { allow: "POST" } };
};

const checkSession: Check = (exchange) => {
  const { stateless, session } = exchange;
  if (stateless || session !== undefined || header(exchange, "mcp-session-id") === undefined) return undefined;
  return { status: 404, code: -32_001, message: "Session not found. Send initialize to open a new one." };
};

const checkBatch: Check = (exchange) => {
  if (!exchange.batch) return undefined;
  const version = exchange.session?.version ?? header(exchange, "mcp-protocol-version") ?? BATCH_VERSION;
  if (version === BATCH_VERSION && !initializes(exchange)) return undefined;
  return {
    status: 400,
    code: ErrorCode.invalidRequest,
    message: `Only revision ${BATCH_VERSION} has batches, and initialize is never in one. Send one message at a time.`,
    id: undefined,
  };
};

const checkHandshake: Check = (exchange) => {
  const { messages: [message] = [], session, stateless } = exchange;
  const invalid = { status: 400, code: ErrorCode.invalidRequest };
  if (!initializes(exchange)) {
    if (stateless || session !== undefined) return undefined;
    return { status: 400, message: "Bad Request: no Mcp-Session-Id header. Send initialize first." };
  }
  if (message?.id === undefined)
    return { ...invalid, message: "initialize needs an id: its answer names the session." };
  if (!InitializeRequestSchema.safeParse(message, JITLESS).success)
    return { status: 400, code: ErrorCode.invalidParams, message: BAD_INITIALIZE };
  if (session === undefined) return undefined;
  return { ...invalid, message: "This session is initialized. Open another, without its Mcp-Session-Id." };
};

const checkStream: Check = ({ request, messages, session }) => {
  if (messages !== undefined || request.method === "DELETE" || session?.listens !== true) return undefined;
  return { status: 409, message: "Conflict: this session has a stream already, and there is one at most." };
};

const checkIds: Check = ({ messages = [], session }) => {
  if (session === undefined) return undefined;
  const ids = messages.flatMap(({ method, id }) => (method === undefined || id === undefined ? [] : [id]));
  const taken = ids.find((id, index) => session.inFlight.has(id) || ids.indexOf(id) !== index);
  if (taken !== undefined) {
    const { code, message } = duplicateId(taken).answer.error;
    return { status: 400, code, message, id: taken };
  }
  if (session.inFlight.size + ids.length <= MAX_IN_FLIGHT) return undefined;
  return { status: 429, message: "Too many requests of this session are open.", headers: { "retry-after": "1" } };
};

/** In this order: a request is told of what a client would mend first. */
const CHECKS: readonly Check[] = [
  checkAccept,
  checkVersion,
  checkStateless,
  checkSession,
  checkBatch,
  checkHandshake,
  checkStream,
  checkIds,
];

/** What is wrong with a request of the 2025 era. */
export function checkExchange(exchange: Exchange): HttpRefusal | undefined {
  for (const check of CHECKS) {
    const refusal = check(exchange);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
