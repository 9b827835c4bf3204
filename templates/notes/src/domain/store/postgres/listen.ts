import type { Client } from "pg";
import type { Database } from "./pool.ts";
import { channel } from "./write.ts";

/** A lost connection is made again after this long, in milliseconds, and twice that after each failure. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Wakes at every change of any instance, on a connection of its own, until the returned function is called. Notices of
 * what was committed while there was no connection are lost: it wakes after each LISTEN too, and every `pollMs`.
 */
export function listen(database: Database, wake: () => void, pollMs: number): () => void {
  let stopped = false;
  let client: Client | undefined;
  let again: NodeJS.Timeout | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  const poll = setInterval(wake, pollMs).unref();

  function reconnect(): void {
    if (stopped) return;
    clearTimeout(again);
    again = setTimeout(connect, pauseMs).unref();
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }

  function connect(): void {
    database
      .connect()
      .then(async (connected) => {
        if (stopped) return connected.end();
        client = connected;
        connected.on("notification", wake);
        connected.on("end", reconnect);
        // A feed keeps no process alive. The types leave it out.
        (connected as Client & { unref(): void }).unref();
        await connected.query(`LISTEN ${channel}`);
        pauseMs = FIRST_PAUSE_MS;
        wake();
      })
      .catch(reconnect);
  }

  connect();
  return () => {
    stopped = true;
    clearInterval(poll);
    clearTimeout(again);
    client?.end().catch(() => {});
  };
}
