import type { Client } from "pg";
import { streamOf } from "./cancel.ts";
import type { Database } from "./pool.ts";
import { channel } from "./write.ts";

/** A lost connection is made again after this long, in milliseconds, and twice that after each failure. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** A connection that answered none of so many polls is made again. */
const SILENT_POLLS = 3;

/** Hears of the changes of all instances, on one connection for all owners. */
export interface Listener {
  /** Wakes at every change of an owner's notes, until the returned function is called. */
  watch: (owner: number, wake: () => void) => () => void;
}

/**
 * Notices of what was committed while there was no connection are lost: everyone is woken after each LISTEN too, and every
 * `pollMs`. The connection is there while someone watches.
 */
export function createListener(database: Database, pollMs: number): Listener {
  const watching = new Set<{ owner: number; wake: () => void }>();
  let client: Client | undefined;
  let timers: NodeJS.Timeout[] = [];
  let pauseMs = FIRST_PAUSE_MS;

  const wake = (owner?: string) => {
    for (const one of watching) if (owner === undefined || owner === String(one.owner)) one.wake();
  };

  function reconnect(): void {
    if (watching.size === 0) return;
    timers.push(setTimeout(connect, pauseMs).unref());
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }

  function connect(): void {
    listenOn(database.connect()).catch(reconnect);
  }

  async function listenOn(connecting: Promise<Client>): Promise<void> {
    const connected = await connecting;
    if (watching.size === 0) return connected.end();
    client = connected;
    connected.on("notification", ({ payload }) => wake(payload));
    connected.on("end", () => {
      if (client === connected) reconnect();
    });
    // A server that stands still says nothing, and that looks like nothing new: it is asked at every poll.
    const stream = streamOf(connected);
    stream.setTimeout(SILENT_POLLS * pollMs, () => stream.destroy());
    // A feed keeps no process alive. The types leave it out.
    (connected as Client & { unref(): void }).unref();
    await connected.query(`LISTEN ${channel}`);
    pauseMs = FIRST_PAUSE_MS;
    wake();
  }

  let asking: Client | undefined;
  function poll(): void {
    wake();
    if (client === undefined || client === asking) return;
    const asked = client;
    asking = asked;
    const answered = () => {
      if (asking === asked) asking = undefined;
    };
    asked.query("SELECT").then(answered, answered);
  }

  function start(): void {
    timers = [setInterval(poll, pollMs).unref()];
    connect();
  }

  function stop(): void {
    for (const timer of timers) clearTimeout(timer);
    const last = client;
    client = undefined;
    last?.end().catch(() => {});
  }

  return {
    watch(owner, callback) {
      const one = { owner, wake: callback };
      watching.add(one);
      if (watching.size === 1) start();
      return () => {
        if (watching.delete(one) && watching.size === 0) stop();
      };
    },
  };
}
