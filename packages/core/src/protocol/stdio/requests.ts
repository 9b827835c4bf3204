import { type Bytes, SMALL_BYTES } from "../../admission/bytes.ts";
import type { Era } from "../../contract/context.ts";
import { LISTEN, type Message } from "../frame.ts";
import type { AnsweredBatch } from "../legacy/batch.ts";
import type { StraightRequest } from "../straight/request.ts";

type Id = string | number;

/** A request that waits for its answer. */
export interface OpenRequest {
  readonly era: Era;
  /** The batch that it came in. */
  readonly batch: AnsweredBatch | undefined;
  /** Where it goes without an SDK. */
  readonly straight: StraightRequest | undefined;
  readonly cancelled: boolean;
}

interface Entry extends OpenRequest {
  readonly id: Id;
  /** What it takes of the room that is counted in bytes. */
  readonly heldBytes: number;
  cancelled: boolean;
}

/** The requests of a stdio connection that wait for their answers. */
export interface OpenRequests {
  /** How many there are, without streams. */
  readonly size: number;
  get(id: Id | undefined): OpenRequest | undefined;
  /** `length`: of its message, in characters. */
  add(request: Message, era: Era, length: number, batch?: AnsweredBatch, straight?: StraightRequest): void;
  /** It has been answered, or never will be. */
  settle(id: Id): void;
  /** Its client no longer waits for an answer. */
  cancel(id: Id, reason?: unknown): void;
  /** Those that were not answered, with their batches; forgotten with that. */
  takeUnanswered(): [Id, AnsweredBatch | undefined][];
}

export function createOpenRequests(bytes: Bytes): OpenRequests {
  // In no order. An array and not a Map: one that is added to and deleted from on each call leaves tables behind, each of
  // which keeps the next and the requests of its time from a collection of young garbage. There are rarely many.
  const calls: Entry[] = [];
  // They end with the connection, which does not wait for them, and there may be many.
  const streams = new Map<Id, Entry>();

  const indexOf = (id: Id): number => {
    for (let at = 0; at < calls.length; at += 1) if ((calls[at] as Entry).id === id) return at;
    return -1;
  };
  const get = (id: Id): Entry | undefined => {
    const at = indexOf(id);
    if (at !== -1) return calls[at];
    return streams.size === 0 ? undefined : streams.get(id);
  };
  const settle = (id: Id): void => {
    const at = indexOf(id);
    const entry = at === -1 ? streams.get(id) : calls[at];
    if (entry === undefined) return;
    if (at === -1) {
      streams.delete(id);
    } else {
      const last = calls.pop() as Entry;
      if (last !== entry) calls[at] = last;
    }
    if (entry.heldBytes > 0) bytes.release(entry.heldBytes);
  };
  return {
    get size() {
      return calls.length;
    },
    get: (id) => (id === undefined ? undefined : get(id)),
    add({ id, method }, era, length, batch, straight) {
      const heldBytes = length > SMALL_BYTES ? length : 0;
      if (heldBytes > 0) bytes.hold(heldBytes);
      const entry: Entry = { id: id as Id, era, batch, straight, cancelled: false, heldBytes };
      if (method === LISTEN) streams.set(entry.id, entry);
      else calls.push(entry);
    },
    settle,
    cancel(id, reason) {
      const entry = get(id);
      if (entry === undefined) return;
      entry.cancelled = true;
      entry.straight?.cancel(reason);
      // It will have no answer. Its id is free when the call has heard of it, and not before: of two calls with one id
      // in one chunk the wrong one would run.
      setImmediate(() => {
        if (get(id) !== entry) return;
        settle(id);
        entry.batch?.drop(id);
      });
    },
    takeUnanswered() {
      const open = calls.filter(({ cancelled }) => !cancelled);
      for (const { id, straight } of open) {
        settle(id);
        straight?.cancel();
      }
      return open.map(({ id, batch }) => [id, batch]);
    },
  };
}
