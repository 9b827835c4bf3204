import type { CallContext } from "@offshoot/core";
import type { ApiReply, ApiRequest } from "./domain/operation.ts";

/** What core's safeguards need to know of one request. */
export interface SendPolicy {
  /** May be sent twice without doing twice: only then is it retried. */
  idempotent: boolean;
  /** Sent as `Idempotency-Key`, so that the API itself recognises a repetition. */
  idempotencyKey?: string | undefined;
  /** Time for one attempt, in ms. */
  timeoutMs?: number | undefined;
  /** How long an answer may be given again, in ms. Default: not at all. */
  cacheMs?: number | undefined;
}

/** An answer, and how old it is. */
export interface Sent {
  reply: ApiReply;
  /** Given although it is past its time, because the API did not answer. */
  stale: boolean;
  /** 0 for one that came just now. */
  ageMs: number;
}

/** The API as tools see it. */
export interface Api {
  /** Sends a request. @throws ToolError for whatever the API answered that is no success, and when it did not answer */
  send(call: CallContext, request: ApiRequest, policy: SendPolicy): Promise<Sent>;
  /** The request exactly as it would be sent, with its secrets blanked. */
  preview(request: ApiRequest, policy: SendPolicy): Promise<Preview>;
}

/** A request that was not sent. */
export interface Preview {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
}
