import { isUtf8 } from "node:buffer";
import { findHostile } from "../call/normalize.ts";
import { ErrorCode } from "../contract/errors.ts";

/** Largest message, in bytes, on either wire. The 2026 SDK's own read buffer is quadratic beyond it. */
export const MAX_MESSAGE_BYTES = 4_194_304;

/** The 2026 era's request for changes: its answer is a stream that lasts until the client has heard enough. */
export const LISTEN = "subscriptions/listen";

/** A JSON-RPC message whose envelope has been checked. `params` has not. */
export interface Message {
  jsonrpc: "2.0";
  id?: string | number;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: unknown;
}

/** Why a message was refused: `reason` is for the log and counters, the rest is the answer. */
export interface Refusal {
  reason: "parse" | "invalid_request" | "invalid_params" | "too_large" | "duplicate_id";
  answer: { jsonrpc: "2.0"; id: string | number | null; error: { code: number; message: string } };
}

/** One text for both wires: a second request with an id that is still in use. */
export const duplicateId = (id: string | number): Refusal =>
  refuse("duplicate_id", "Duplicate id: a request with this id is still being answered.", id);

/** The text of a message's bytes, without the byte order mark that some Windows clients begin with. */
export function decodeText(bytes: Buffer): string | Refusal {
  if (!isUtf8(bytes)) return refuse("parse", "Parse error: the message is not valid UTF-8.");
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}

export function refuse(reason: Refusal["reason"], message: string, id: string | number | null = null): Refusal {
  const code =
    reason === "parse"
      ? ErrorCode.parse
      : reason === "invalid_params"
        ? ErrorCode.invalidParams
        : ErrorCode.invalidRequest;
  return { reason, answer: { jsonrpc: "2.0", id, error: { code, message } } };
}

/**
 * Parses and checks one message before any SDK sees it. A key that occurs twice counts as its last value, here and
 * everywhere after: what is checked is what runs.
 */
export function parseMessage(text: string): Message | Refusal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("parse", "Parse error: the message is not valid JSON.");
  }
  return checkMessage(value);
}

export const isRefusal = (message: Message | Refusal): message is Refusal => "answer" in message;

function checkMessage(value: unknown): Message | Refusal {
  if (Array.isArray(value))
    return refuse("invalid_request", "Batches are not part of this protocol. Send one message at a time.");
  if (typeof value !== "object" || value === null) return refuse("invalid_request", "A message must be a JSON object.");
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  const usableId = typeof id === "string" || Number.isSafeInteger(id) ? (id as string | number) : null;
  if (jsonrpc !== "2.0") return refuse("invalid_request", 'A message needs "jsonrpc": "2.0".', usableId);
  if (id !== undefined && usableId === null)
    return refuse("invalid_request", "An id must be a string or an integer within ±2^53.");
  if (method === undefined) {
    // An answer to a question of ours, or nothing at all.
    if (id === undefined || !("result" in value || "error" in value))
      return refuse("invalid_request", 'A message needs a "method".', usableId);
  } else if (typeof method !== "string") {
    return refuse("invalid_request", '"method" must be a string.', usableId);
  } else if (params === null) {
    // Some clients write what they leave out.
    delete (value as Message).params;
  } else if (params !== undefined && (typeof params !== "object" || Array.isArray(params))) {
    return refuse("invalid_params", '"params" must be an object.', usableId);
  }
  const hostile = findHostile(value);
  if (hostile !== undefined) return refuse("invalid_params", `Refused: the message contains ${hostile}.`, usableId);
  return value as Message;
}
