import type { IncomingMessage, ServerResponse } from "node:http";
import { type ReadableStream, type Transformer, TransformStream } from "node:stream/web";

/** Bytes of an event stream that its client has not read past which the stream is cut. */
const MAX_STREAM_LAG = 262_144;

/**
 * A Node request as the web request that both SDKs take. Its body has been read and parsed by then and is passed
 * beside it; the signal says that the client hung up.
 */
export function toWebRequest(request: IncomingMessage, response: ServerResponse): Request {
  const left = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) left.abort(new Error("the client closed the connection"));
  });
  const headers = new Headers();
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    headers.append(request.rawHeaders[at] as string, request.rawHeaders[at + 1] as string);
  }
  return new Request(`http://localhost${request.url ?? "/"}`, {
    method: request.method ?? "GET",
    headers,
    signal: left.signal,
  });
}

/**
 * Writes a web response out. An event stream whose client has stopped reading is cut, because what would be kept for it
 * grows with every change; the client connects again when it wants to. An answer is written whole, whatever its size.
 *
 * @returns whether all of it was written
 */
export async function writeWebResponse(answer: Response, response: ServerResponse): Promise<boolean> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null) {
    response.end();
    return true;
  }
  // Headers leave at once: a client waits for them before it listens.
  response.flushHeaders();
  const reader = answer.body.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  response.once("close", cancel);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (response.writableLength > MAX_STREAM_LAG) {
      response.destroy();
      return false;
    }
    response.write(value);
  }
  response.end();
  return true;
}

/** The same response, with a word when its last byte has been taken or it was given up. */
export function whenSent(response: Response, done: () => void): Response {
  if (response.body === null || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
    done();
    return response;
  }
  // `cancel` is newer than the types: it runs when the client leaves in the middle.
  const watch: Transformer & { cancel: () => void } = { flush: done, cancel: done };
  const watched = (response.body as ReadableStream).pipeThrough(new TransformStream(watch));
  return new Response(watched as never, { status: response.status, headers: response.headers });
}
