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
  /** What it takes of the room that is counted in bytes. */
  readonly heldBytes: number;
  /** It ends with the connection, which does not wait for it. */
  readonly isStream: boolean;
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
  const entries = new Map<Id, Entry>();
  let streams = 0;
  const settle = (id: Id): void => {
    const entry = entries.get(id);
    if (entry === undefined) return;
    entries.delete(id);
    if (entry.isStream) streams -= 1;
    if (entry.heldBytes > 0) bytes.release(entry.heldBytes);
  };
  return {
    get size() {
      return entries.size - streams;
    },
    get: (id) => (id === undefined ? undefined : entries.get(id)),
    add({ id, method }, era, length, batch, straight) {
      const heldBytes = length > SMALL_BYTES ? length : 0;
      if (heldBytes > 0) bytes.hold(heldBytes);
      const isStream = method === LISTEN;
      if (isStream) streams += 1;
      entries.set(id as Id, { era, batch, straight, cancelled: false, heldBytes, isStream });
    },
    settle,
    cancel(id, reason) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      entry.cancelled = true;
      entry.straight?.cancel(reason);
      // It will have no answer. Its id is free when the call has heard of it, and not before: of two calls with one id
      // in one chunk the wrong one would run.
      setImmediate(() => {
        if (entries.get(id) !== entry) return;
        settle(id);
        entry.batch?.drop(id);
      });
    },
    takeUnanswered() {
      const open = [...entries].filter(([, { cancelled, isStream }]) => !cancelled && !isStream);
      for (const [id, { straight }] of open) {
        settle(id);
        straight?.cancel();
      }
      return open.map(([id, { batch }]) => [id, batch]);
    },
  };
}
