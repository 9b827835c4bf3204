import type { ServerResponse } from "node:http";
import { SMALL_BYTES } from "../../admission/bytes.ts";
import type { Caller } from "../../contract/context.ts";
import { ErrorCode } from "../../contract/errors.ts";
import { EVENT_STREAM, eventOf, openEventStream } from "../http/event-stream.ts";
import type { OpenWriter, ResponseWriter } from "../http/response-writer.ts";
import type { Channel, StraightRequest } from "./request.ts";

/**
 * The answer to one HTTP request, and what is told of it before. An answer that is there before anything else was to be
 * said leaves in one write with its head; any other is a stream of events. Large ones go as fast as their client reads.
 *
 * A class, because one is made for every request.
 */
export class Reply implements Channel {
  readonly transport = "tcp";
  readonly caller: Caller;
  readonly sessionId: string | undefined;
  readonly #response: ServerResponse;
  readonly #openWriter: OpenWriter;
  readonly #stream: readonly string[] | undefined;
  #writer: ResponseWriter | undefined;
  #ended = false;

  /**
   * @param stream the head of a stream, where it has to be one in any case, as clients of the 2025 era get
   * @param sessionId the session that the request belongs to
   */
  constructor(
    response: ServerResponse,
    openWriter: OpenWriter,
    caller: Caller,
    stream?: readonly string[],
    sessionId?: string,
  ) {
    this.#response = response;
    this.#openWriter = openWriter;
    this.caller = caller;
    this.#stream = stream;
    this.sessionId = sessionId;
  }

  #open(): ResponseWriter {
    this.#writer ??= openEventStream(this.#response, this.#openWriter, this.caller.id, this.#stream ?? EVENT_STREAM);
    return this.#writer;
  }

  /** Its call begins. One that takes longer than a turn gets its head then, so that its client can listen. */
  begins(): void {
    if (this.#stream !== undefined && begun.push(this) === 1) setImmediate(openBegun);
  }
  openUnanswered(): void {
    if (!this.#ended && !this.#response.destroyed) this.#open();
  }

  /** Sends a message before the answer: from here on the reply is a stream of events. */
  write(json: string): void {
    if (!this.#ended && !this.#response.destroyed) this.#open().write(eventOf(json));
  }
  notify(_request: StraightRequest, json: string): void {
    this.write(json);
  }

  /** Resolves when the client has read enough for more; `undefined` when it keeps up. */
  lag(): Promise<void> | undefined {
    return this.#writer?.lag();
  }

  answer(_request: StraightRequest, json: string, code?: number): void {
    // An error is an answer like any other, but for the one that the specification of 2026 wants told apart.
    this.end(json, this.#stream === undefined && code === ErrorCode.missingCapability ? 400 : 200);
  }

  /** The answer, and the end. Without one the reply is a stream without an answer: its call was cancelled. */
  end(json?: string, status = 200): void {
    const response = this.#response;
    if (this.#ended || response.destroyed) return;
    this.#ended = true;
    if (this.#writer !== undefined || json === undefined) {
      if (json !== undefined) this.#open().write(eventOf(json));
      this.#open().end();
      return;
    }
    const body = this.#stream === undefined ? json : eventOf(json);
    const bytes = Buffer.byteLength(body);
    response.writeHead(status, [...(this.#stream ?? JSON_TYPE), "content-length", String(bytes)]);
    if (bytes <= SMALL_BYTES) {
      // As many bytes as characters: it is ASCII, which is copied and not encoded.
      response.end(body, bytes === body.length ? "latin1" : "utf8");
      return;
    }
    const large = this.#openWriter(response, this.caller.id);
    large.write(body);
    large.end();
  }
}

const JSON_TYPE: readonly string[] = ["content-type", "application/json"];

/** Replies whose calls began in this turn. */
let begun: Reply[] = [];
function openBegun(): void {
  const now = begun;
  begun = [];
  for (const reply of now) reply.openUnanswered();
}
