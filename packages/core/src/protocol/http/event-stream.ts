import type { ServerResponse } from "node:http";
import type { OpenWriter, ResponseWriter } from "./response-writer.ts";

/** What stands between keeps a connection that is silent for this long, in ms. */
const KEEP_ALIVE_MS = 15_000;

/** The head of a stream of events, as a flat list of names and values. */
export const EVENT_STREAM: readonly string[] = [
  "content-type",
  "text/event-stream",
  "cache-control",
  "no-cache, no-transform",
  // nginx would hold events back to fill its buffer.
  "x-accel-buffering",
  "no",
];

/** A message as an event. */
export const eventOf = (json: string): string => `event: message\ndata: ${json}\n\n`;

/** Opens a stream of events that lasts until its writer is ended or its client leaves. */
export function openEventStream(
  response: ServerResponse,
  openWriter: OpenWriter,
  who: string,
  head: readonly string[],
): ResponseWriter {
  response.writeHead(200, head as string[]);
  // A client waits for the head before it listens; an answer that is there at once takes it along.
  setImmediate(() => response.flushHeaders());
  const writer = openWriter(response, who);
  const timer = setInterval(() => writer.lag() ?? writer.write(": keepalive\n\n"), KEEP_ALIVE_MS).unref();
  response.once("close", () => clearInterval(timer));
  return writer;
}
