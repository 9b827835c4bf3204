import type { ServerResponse } from "node:http";
import { SMALL_BYTES } from "../../admission/bytes.ts";
import { EVENT_STREAM, eventOf, openEventStream } from "../http/event-stream.ts";
import type { OpenWriter, ResponseWriter } from "../http/response-writer.ts";

/** The answer to one HTTP request, and what is told of it before. */
export interface Reply {
  /** Sends a message before the answer: from here on the reply is a stream of events. */
  write(json: string): void;
  /** Resolves when the client has read enough for more; `undefined` when it keeps up. */
  lag(): Promise<void> | undefined;
  /** The answer, and the end. Without one the reply is a stream without an answer: its call was cancelled. */
  end(json?: string, status?: number): void;
}

/**
 * An answer that is there before anything else was to be said leaves in one write with its head; any other is a stream.
 * Large ones go as fast as their client reads.
 *
 * @param streams a stream in any case, as clients of the 2025 era get one: its head goes out when the call takes longer
 *   than a turn, so that the client can listen
 * @param head headers of a stream, beyond the usual
 */
export function createReply(
  response: ServerResponse,
  openWriter: OpenWriter,
  who: string,
  streams: boolean,
  head: readonly string[] = [],
): Reply {
  let writer: ResponseWriter | undefined;
  let ended = false;
  const stream = (): ResponseWriter => {
    writer ??= openEventStream(response, openWriter, who, [...EVENT_STREAM, ...head]);
    return writer;
  };
  if (streams)
    setImmediate(() => {
      if (!ended && !response.destroyed) stream();
    });
  return {
    write(json) {
      if (!ended && !response.destroyed) stream().write(eventOf(json));
    },
    lag: () => writer?.lag(),
    end(json, status = 200) {
      if (ended || response.destroyed) return;
      ended = true;
      if (writer !== undefined || json === undefined) {
        if (json !== undefined) stream().write(eventOf(json));
        stream().end();
        return;
      }
      const body = streams ? eventOf(json) : json;
      const length = Buffer.byteLength(body);
      const type = streams ? [...EVENT_STREAM, ...head] : JSON_TYPE;
      response.writeHead(status, [...type, "content-length", String(length)]);
      if (length <= SMALL_BYTES) {
        response.end(body);
        return;
      }
      const large = openWriter(response, who);
      large.write(body);
      large.end();
    },
  };
}

const JSON_TYPE = ["content-type", "application/json"];
