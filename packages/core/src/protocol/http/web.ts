import type { IncomingMessage, ServerResponse } from "node:http";
import { type ReadableStream, type Transformer, TransformStream } from "node:stream/web";
import type { ResponseWriter } from "./response-writer.ts";

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

/** Writes a web response out, as fast as its client reads. */
export async function writeWebResponse(
  answer: Response,
  response: ServerResponse,
  open: (response: ServerResponse) => ResponseWriter,
): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null) {
    response.end();
    return;
  }
  // A client waits for the head before it listens; an answer that is there at once takes it along.
  setImmediate(() => response.flushHeaders());
  const writer = open(response);
  const reader = answer.body.getReader();
  response.once("close", () => void reader.cancel().catch(() => {}));
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    writer.write(value);
    // Taken in the order they come; the loop waits, and what is not taken yet can be left out or be one.
    const late = writer.lag();
    if (late !== undefined) await late;
  }
  writer.end();
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
