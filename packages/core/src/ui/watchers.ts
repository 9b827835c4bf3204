import type { ServerResponse } from "node:http";
import { createScrub } from "../telemetry/scrub.ts";
import type { LiveState } from "./live-state.ts";

/** Pages that may be open at once. */
const MOST = 8;
/** How often calls are told, and how often everything else, in ms. */
const CALLS_EVERY_MS = 250;
const STATE_EVERY_MS = 1_000;

/** The open pages. While there is none, nothing is read and no timer runs. */
export function createWatchers(state: LiveState) {
  const open = new Map<ServerResponse, { seen: number }>();
  let timers: NodeJS.Timeout[] = [];
  // URIs and names of others may hold secrets, as in the log.
  const scrub = createScrub();
  const send = (response: ServerResponse, event: string, data: unknown): void => {
    // A page that does not keep up misses what comes meanwhile, and holds nothing here.
    if (!response.writableNeedDrain) response.write(`event: ${event}\ndata: ${scrub(JSON.stringify(data))}\n\n`);
  };
  const sendCalls = (response: ServerResponse, watcher: { seen: number }): void => {
    const { calls, skipped, last } = state.callsSince(watcher.seen);
    if (last === watcher.seen || response.writableNeedDrain) return;
    watcher.seen = last;
    send(response, "calls", { calls, skipped });
  };
  const stop = (): void => {
    for (const timer of timers) clearInterval(timer);
    timers = [];
  };
  const start = (): void => {
    timers = [
      setInterval(() => {
        for (const [response, watcher] of open) sendCalls(response, watcher);
      }, CALLS_EVERY_MS).unref(),
      setInterval(() => {
        const now = state.now();
        for (const response of open.keys()) send(response, "state", now);
      }, STATE_EVERY_MS).unref(),
    ];
  };
  return {
    /** @returns false where too many are open */
    add(response: ServerResponse): boolean {
      if (open.size >= MOST) return false;
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      const watcher = { seen: 0 };
      open.set(response, watcher);
      if (open.size === 1) start();
      response.once("close", () => {
        open.delete(response);
        if (open.size === 0) stop();
      });
      send(response, "about", state.about());
      send(response, "state", state.now());
      sendCalls(response, watcher);
      return true;
    },
    close(): void {
      stop();
      for (const response of open.keys()) response.end();
    },
  };
}
