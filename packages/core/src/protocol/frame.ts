import { isAscii, isUtf8 } from "node:buffer";
import type { App } from "../app.ts";
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
  reason: "parse" | "invalid_request" | "invalid_params" | "too_large" | "duplicate_id" | "overloaded";
  /** It was an answer itself, and an answer is not answered: two that complain of each other would never stop. */
  toAnswer?: true;
  answer: { jsonrpc: "2.0"; id: string | number | null; error: { code: number; message: string; data?: unknown } };
}

/** One text for both wires: a second request with an id that is still in use. */
export const duplicateId = (id: string | number): Refusal =>
  refuse("duplicate_id", "Duplicate id: a request with this id is still being answered.", id);

/** A request that there is no room for, counted in bytes. */
export function overloaded(app: Pick<App, "gate">, id: string | number | null = null): Refusal {
  const { code, message, data } = app.gate.overloaded();
  return { reason: "overloaded", answer: { jsonrpc: "2.0", id, error: { code, message, data } } };
}

/** The text of a message's bytes, without the byte order mark that some Windows clients begin with. */
export function decodeText(bytes: Buffer): string | Refusal {
  if (isAscii(bytes)) return bytes.toString("latin1");
  if (!isUtf8(bytes)) return refuse("parse", "Parse error: the message is not valid UTF-8.");
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}

export function refuse(reason: Refusal["reason"], message: string, id?: string | number | null): Refusal {
  const code =
    reason === "parse"
      ? ErrorCode.parse
      : reason === "invalid_params"
        ? ErrorCode.invalidParams
        : ErrorCode.invalidRequest;
  return { reason, answer: { jsonrpc: "2.0", id: id ?? null, error: { code, message } } };
}

/** zod compiles a parser for what it parses; for one handshake that takes longer than to go without. */
export const JITLESS = { jitless: true };

/** What is wrong with a handshake, on either wire. */
export const BAD_INITIALIZE =
  "initialize needs params with protocolVersion (a text), capabilities (an object) and clientInfo (a name and a version).";

/** The one revision that has batches, and the one that a client speaks which does not say. */
export const BATCH_VERSION = "2025-03-26";
/** Messages of a batch. */
const MAX_BATCH = 100;

/** A batch, as it was sent. */
export interface Batch {
  batch: (Message | Refusal)[];
}

/**
 * Parses and checks one message, or a batch, before any SDK sees it. A key that occurs twice counts as its last value,
 * as in both SDKs and in every `JSON.parse`: here and everywhere after, so that what is checked is what runs.
 */
export function parseMessage(text: string): Message | Refusal | Batch {
  const harmless = isHarmless(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("parse", "Parse error: the message is not valid JSON.");
  }
  if (!Array.isArray(value)) return checkMessage(value, harmless);
  if (value.length === 0 || value.length > MAX_BATCH)
    return refuse("invalid_request", `A batch has 1 to ${MAX_BATCH} messages.`);
  return { batch: value.map((item) => checkMessage(item, harmless)) };
}

/** Characters of a message that is looked through as text. Its values are fewer. */
const MAX_SCANNED = 16_384;
/** What a harmful message has in its text, and few others. */
const HINTS = ["\\u", "__proto__", "constructor"];
/** Brackets that cannot nest too deep, however they stand. */
const MAX_BRACKETS = 60;

/**
 * Whether a message has nothing for {@link findHostile} to find, by its text: no name of a prototype, nothing written
 * as `\u` (a half of a character, or such a name), and too few brackets to nest deep. To look through a short text
 * costs a third of a walk through its values; `false` says nothing.
 */
function isHarmless(text: string): boolean {
  if (text.length > MAX_SCANNED || !text.isWellFormed()) return false;
  for (const hint of HINTS) if (text.includes(hint)) return false;
  let brackets = 0;
  for (const bracket of ["{", "["])
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1))
      if (++brackets > MAX_BRACKETS) return false;
  return true;
}

export const isRefusal = (message: Message | Refusal | Batch): message is Refusal => "answer" in message;
export const isBatch = (message: Message | Refusal | Batch): message is Batch => "batch" in message;

/** The answer to a call that outlasts its server, as JSON: a client would wait for ever. */
export const stopAnswer = (id: string | number): string =>
  JSON.stringify({
    jsonrpc: "2.0",
    id,
    error: { code: -32_000, message: "The server stopped before this call had ended. It may have been done: look." },
  });

/** For a connection that did not agree on the revision that has them. */
export const refuseBatch = (): Refusal =>
  refuse("invalid_request", `Only revision ${BATCH_VERSION} has batches. Send one message at a time.`);

function checkMessage(value: unknown, harmless: boolean): Message | Refusal {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return refuse("invalid_request", "A message must be a JSON object.");
  const { jsonrpc, id, method, params, result, error } = value as Record<string, unknown>;
  const isId = typeof id === "string" ? id.isWellFormed() : Number.isSafeInteger(id);
  const usableId = isId ? (id as string | number) : null;
  if (method === undefined && (result !== undefined || error !== undefined))
    return usableId === null ? LOST_ANSWER : checkAnswer(value as Record<string, unknown>, usableId);
  if (jsonrpc !== "2.0") return refuse("invalid_request", 'A message needs "jsonrpc": "2.0".', usableId);
  if (id !== undefined && usableId === null)
    return refuse("invalid_request", "An id must be a string of whole characters or an integer within ±2^53.");
  if (method === undefined) return refuse("invalid_request", 'A message needs a "method".', usableId);
  if (typeof method !== "string") return refuse("invalid_request", '"method" must be a string.', usableId);
  if (params !== undefined && params !== null && (typeof params !== "object" || Array.isArray(params)))
    return refuse("invalid_params", '"params" must be an object.', usableId);
  const hostile = harmless ? undefined : findHostile(value);
  if (hostile !== undefined) return refuse("invalid_params", `Refused: the message contains ${hostile}.`, usableId);
  dropNulls((params ?? {}) as Record<string, unknown>);
  const { _meta: meta } = (params ?? {}) as { _meta?: unknown };
  if (meta !== undefined && (typeof meta !== "object" || Array.isArray(meta)))
    return refuse("invalid_params", '"_meta" must be an object.', usableId);
  return withKnownKeys(value as Record<string, unknown>, params);
}

/** Members of `params` that are null are as good as absent: some clients send all that there could be. */
function dropNulls(params: Record<string, unknown>): void {
  for (const name in params) if (params[name] === null) delete params[name];
}

const LOST_ANSWER: Refusal = {
  ...refuse("invalid_request", "An answer needs the id of its question."),
  toAnswer: true,
};

const KNOWN_KEYS = ["jsonrpc", "id", "method", "params"];

/** What the specification does not know at the top is ignored. The SDKs differ in it: one of them says nothing at all. */
function withKnownKeys(value: Record<string, unknown>, params: unknown): Message {
  let known = params !== null;
  for (const key in value) if (!KNOWN_KEYS.includes(key)) known = false;
  if (known) return value as unknown as Message;
  const entries = Object.entries(value).filter(([key, member]) => KNOWN_KEYS.includes(key) && member !== null);
  return Object.fromEntries(entries) as unknown as Message;
}

/**
 * An answer to a question of the server's. One that cannot be used counts as an error, so that the question does not
 * stay open; it is never answered, since its id is the server's and not the client's.
 */
function checkAnswer({ jsonrpc, result, error }: Record<string, unknown>, usableId: string | number): Message {
  const isObject = (one: unknown): one is Record<string, unknown> =>
    typeof one === "object" && one !== null && !Array.isArray(one);
  const answer: Message = { jsonrpc: "2.0", id: usableId };
  const hostile = findHostile({ result, error });
  if (jsonrpc !== "2.0" || hostile !== undefined) return { ...answer, error: unusable(hostile ?? "no jsonrpc") };
  // Some write both, and null for the one that is not.
  if (error === undefined || error === null)
    return isObject(result) ? { ...answer, result } : { ...answer, error: unusable("no object") };
  const isError = isObject(error) && Number.isSafeInteger(error.code) && typeof error.message === "string";
  return { ...answer, error: isError ? error : unusable("an error without code and message") };
}

const unusable = (reason: string) => ({
  code: ErrorCode.invalidRequest,
  message: `The answer was unusable: ${reason}.`,
});
