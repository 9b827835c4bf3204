import type { IncomingMessage, ServerResponse } from "node:http";
import { type Bytes, SMALL_BYTES } from "../../admission/bytes.ts";
import type { App } from "../../app.ts";
import { MAX_MESSAGE_BYTES } from "../frame.ts";
import type { HttpRefusal } from "./request-checks.ts";

/** The bytes of a message, or a refusal. They count with all that is on its way until the message has been answered. */
export function readMessage(
  app: Pick<App, "gate">,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Buffer | HttpRefusal> {
  const fits = createCounter(app.gate.bytes, response);
  return readBody(request, MAX_MESSAGE_BYTES, (length) => (fits(length) ? undefined : noRoom(app)));
}

/**
 * The body's bytes, or a refusal. A declared length over the limit is refused before a byte is read.
 *
 * @param refuse told how long the body is so far; why there is no room for it
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  refuse: (length: number) => HttpRefusal | undefined,
): Promise<Buffer | HttpRefusal> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    let parts: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      const refusal = length > maxBytes ? tooLarge(maxBytes) : refuse(length);
      if (refusal === undefined) return void parts.push(chunk);
      request.off("data", take);
      parts = [];
      if (length > maxBytes) request.pause();
      // Read on without keeping it: a client that still sends would not hear the answer.
      else request.resume();
      resolve(refusal);
    };
    request.on("data", take);
    request.on("end", () => resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)));
    // Node tells of an error only those that listen for it, and of the end of a request in any case. Every request is
    // closed; to make an error of each costs more than to read it.
    request.on("close", () => {
      if (!request.complete) reject(new Error("the client left before its request was complete"));
    });
  });
}

const tooLarge = (maxBytes: number): HttpRefusal => ({
  status: 413,
  message: `Payload Too Large: a message may have at most ${maxBytes} bytes.`,
  headers: { connection: "close" },
});

/** Told how long a body is so far; answers whether there is room for it. */
function createCounter(bytes: Bytes, response: ServerResponse): (length: number) => boolean {
  let held = 0;
  return (length) => {
    if (length <= SMALL_BYTES) return true;
    // Small pieces of something large are no small matter.
    if (!bytes.fits(Math.max(SMALL_BYTES + 1, length - held))) return false;
    if (held === 0) response.once("close", () => bytes.release(held));
    bytes.hold(length - held);
    held = length;
    return true;
  };
}

/** A client whose body is too large for the room left can come back. */
function noRoom(app: Pick<App, "gate">): HttpRefusal {
  const { message, code, data } = app.gate.overloaded();
  const seconds = Math.ceil((data as { retryAfterMs: number }).retryAfterMs / 1_000);
  return { status: 503, message, code, data, headers: { "retry-after": String(seconds) } };
}
