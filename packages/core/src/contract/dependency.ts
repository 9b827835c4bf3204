/** Whether a dependency is asked: always, not now, or one call at a time to see whether it is back. */
export type BreakerState = "closed" | "open" | "half-open";

/** What an operator makes of a breaker: keep it so, or leave it to itself. */
export type BreakerForce = "open" | "closed" | "auto";

/** A change of a dependency's breaker, once each. The server's control events have this shape. */
export interface DependencyEvent {
  what: "breaker";
  /** The dependency. */
  name: string;
  /** A {@link BreakerState}; `forced open` and `forced closed` while an operator holds it. */
  before: string;
  after: string;
  /** `server` for what the breaker did by itself, otherwise who forced it. */
  by: string;
  reason?: string | undefined;
}

/** How a dependency is doing: counts since the start, and the state of its safeguards now. */
export interface DependencySnapshot {
  breaker: BreakerState;
  forced: BreakerForce;
  /** How many attempts may run at once, how many do, and how many wait to. */
  limit: number;
  inFlight: number;
  waiting: number;
  /** Calls of `run`; attempts that reached the dependency; those among them that were retries. */
  calls: number;
  hits: number;
  retries: number;
  /** Attempts that failed through the dependency. */
  failures: number;
  /** Attempts that were refused here, by the breaker or the limit. */
  refused: number;
  /** Calls answered with something else than the dependency's answer of now, after a failure. */
  fallbacks: number;
  /** Tokens left for retries. */
  budget: number;
  /** Reads answered fresh, marked stale, or not at all; values read again; entries and bytes held. */
  cache: { hits: number; stale: number; misses: number; refreshes: number; entries: number; bytes: number };
}

/**
 * What a server needs of something outside the process to watch and steer it. `dependency()` of
 * `@offshoot/core/resilience` makes one.
 */
export interface ServerDependency {
  /** Unique in its server. */
  readonly name: string;
  snapshot(): DependencySnapshot;
  /**
   * Holds the breaker open or closed until `auto`, from where it begins closed. When a listener throws (an audit that
   * cannot be written), nothing is changed.
   */
  force(state: BreakerForce, who: { by: string; reason?: string | undefined }): void;
  /** Hears what changes, until the returned function is called. */
  onEvent(listener: (event: DependencyEvent) => void): () => void;
}
