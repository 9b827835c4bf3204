/** What can change about a running server, apart from its data. */
export type ControlSubject =
  | "degradation"
  | "breaker"
  | "limit"
  | "rollout"
  | "profile"
  | "config"
  | "key"
  | "log_level"
  | "drain"
  | "audit"
  | "call";

/** A change in how the server behaves, as distinct from a call. It is logged, counted and audited, once each. */
export interface ControlEvent {
  what: ControlSubject;
  /** Which one, where there are several: the dependency that a breaker guards. */
  name?: string | undefined;
  /** JSON values, without secrets. */
  before: unknown;
  after: unknown;
  /** `server` for what a safeguard did by itself, otherwise who asked for it. */
  by: string;
  /** Why, in one line. */
  reason?: string | undefined;
  /** Happens also while it cannot be kept, and is kept later: what a safeguard does, and calls that only read. */
  waits?: boolean | undefined;
}

/** Keeps events for good, all of them or none. Throws when it cannot and the change must not happen. */
export type ControlRecord = (events: readonly ControlEvent[]) => void;

/** Carries control events from what changes to what keeps account of it. */
export interface ControlEvents {
  /**
   * Tells of a change that is about to happen: first what keeps it for good, then every listener, at once and in the
   * order they came. When this throws, the change must not happen.
   */
  emit(event: ControlEvent): void;
  /**
   * Makes changes that belong together. What they emit is kept at once when all are made; if one of them throws or
   * they cannot be kept, `undo` is called, nobody hears of anything, and this throws.
   */
  together(change: () => void, undo: () => void): void;
  /** Has an event kept, and no one hears of it: for calls, which have a line of the log already. */
  record(event: ControlEvent): void;
  /** Has every event kept by this before anybody else hears of it. */
  keep(record: ControlRecord): void;
  /** Listens until the returned function is called. */
  listen(listener: (event: ControlEvent) => void): () => void;
}

export function createControlEvents(): ControlEvents {
  const listeners = new Set<(event: ControlEvent) => void>();
  const records: ControlRecord[] = [];
  let held: ControlEvent[] | undefined;
  const publish = (events: readonly ControlEvent[]): void => {
    for (const record of records) record(events);
    for (const event of events) for (const listener of listeners) listener(event);
  };
  return {
    emit(event) {
      if (held === undefined) publish([event]);
      else held.push(event);
    },
    together(change, undo) {
      const events: ControlEvent[] = [];
      held = events;
      try {
        change();
        if (events.length > 0) publish(events);
      } catch (error) {
        // What going back emits was never announced.
        held = [];
        undo();
        throw error;
      } finally {
        held = undefined;
      }
    },
    record(event) {
      for (const keep of records) keep([event]);
    },
    keep: (record) => void records.push(record),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
