/** What can change about a running server, apart from its data. */
export type ControlSubject = "degradation" | "breaker" | "limit" | "profile" | "config" | "key" | "log_level";

/** A change in how the server behaves, as distinct from a call. It is logged, counted and audited, once each. */
export interface ControlEvent {
  what: ControlSubject;
  /** Which one, where there are several: the dependency that a breaker guards. */
  name?: string;
  /** JSON values, without secrets. */
  before: unknown;
  after: unknown;
  /** `server` for what a safeguard did by itself, otherwise who asked for it. */
  by: string;
  /** Why, in one line. */
  reason?: string;
}

/** Carries control events from what changes to what keeps account of it. */
export interface ControlEvents {
  /** Tells every listener, at once and in the order they came. A listener that throws stops the change. */
  emit(event: ControlEvent): void;
  /** Listens until the returned function is called. */
  listen(listener: (event: ControlEvent) => void): () => void;
}

export function createControlEvents(): ControlEvents {
  const listeners = new Set<(event: ControlEvent) => void>();
  return {
    emit(event) {
      for (const listener of listeners) listener(event);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
