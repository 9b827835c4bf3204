import type { IncomingMessage, ServerResponse } from "node:http";
import { type Bytes, SMALL_BYTES } from "../../admission/bytes.ts";
import type { App } from "../../app.ts";
import { MAX_MESSAGE_BYTES } from "../frame.ts";
import type { HttpRefusal } from "./request-checks.ts";

const TOO_LARGE: HttpRefusal = {
  status: 413,
  message: `Payload Too Large: a message may have at most ${MAX_MESSAGE_BYTES} bytes.`,
  headers: { connection: "close" },
};

/**
 * The body's bytes, or a refusal. A declared length over the limit is refused before a byte is read, and what is read
 * counts with all that is on its way until it has been answered.
 */
export function readBody(
  app: Pick<App, "gate">,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Buffer | HttpRefusal> {
  if (Number(request.headers["content-length"] ?? 0) > MAX_MESSAGE_BYTES) return Promise.resolve(TOO_LARGE);
  const fits = createCounter(app.gate.bytes, response);
  return new Promise((resolve, reject) => {
    let parts: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= MAX_MESSAGE_BYTES && fits(length)) return void parts.push(chunk);
      request.off("data", take);
      parts = [];
      if (length > MAX_MESSAGE_BYTES) request.pause();
      // Read on without keeping it: a client that still sends would not hear the answer.
      else request.resume();
      resolve(length > MAX_MESSAGE_BYTES ? TOO_LARGE : noRoom(app));
    };
    request.on("data", take);
    request.on("end", () => resolve(Buffer.concat(parts)));
    request.on("error", reject);
    request.on("close", () => reject(new Error("the client left before its request was complete")));
  });
}

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
