/** Notifications kept for a client that lags: more than one connection may subscribe to, so that no change is lost. */
const MAX_KEPT = 2_048;
/** And characters of those that carry a text of the server's own. */
const MAX_KEPT_LENGTH = 262_144;

/** Passes notifications on, at once or when the client has read enough. */
export interface Mailbox<Message> {
  /** One of the same `key` that still waits is replaced: the newest says all. Without a key each is kept, in order. */
  put(message: Message, key?: string): void;
  /** Passes on what waits: what comes next must come after it. */
  flush(): void;
}

/**
 * Keeps notifications back while a client lags, and only as many as it could make use of: one report of progress, one
 * change of each URI. Of the rest the oldest are dropped. So a client that does not read costs little, and one that
 * reads gets everything.
 *
 * @param lag resolves when the client has read enough; `undefined` when it keeps up
 * @param gathers what is put within a turn leaves after it, so that of a thousand changes of one URI in a loop one is told
 */
export function createMailbox<Message>(
  send: (message: Message) => void,
  lag: () => Promise<void> | undefined,
  gathers = false,
): Mailbox<Message> {
  const kept = new Map<string | number, { message: Message; length: number }>();
  let length = 0;
  let puts = 0;
  let waits = false;

  const remove = (key: string | number): void => {
    length -= kept.get(key)?.length ?? 0;
    kept.delete(key);
  };
  const passOn = (until: () => Promise<void> | undefined): void => {
    for (const [key, { message }] of kept) {
      const late = until();
      if (late !== undefined) {
        wait(late);
        return;
      }
      remove(key);
      send(message);
    }
  };
  const wait = (late: Promise<void>): void => {
    waits = true;
    void late.then(() => {
      waits = false;
      passOn(lag);
    });
  };

  return {
    put(message, key) {
      if (!waits) {
        const late = gathers ? new Promise<void>((resolve) => setImmediate(resolve)) : lag();
        if (late === undefined) {
          send(message);
          return;
        }
        wait(late);
      }
      puts += 1;
      const at = key ?? puts;
      // To the end, so that the order is that of the newest.
      remove(at);
      const entry = { message, length: key === undefined ? JSON.stringify(message).length : 0 };
      kept.set(at, entry);
      length += entry.length;
      for (const oldest of kept.keys()) {
        if (kept.size <= MAX_KEPT && length <= MAX_KEPT_LENGTH) break;
        remove(oldest);
      }
    },
    flush: () => passOn(() => undefined),
  };
}
