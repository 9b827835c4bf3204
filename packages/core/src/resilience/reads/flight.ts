import { StopSource } from "../../contract/stop.ts";
import { transient } from "../failure.ts";
import type { Scope } from "../scope.ts";

export interface Flights {
  /**
   * Waits for the work of this id, which `fly` starts unless it runs already. It runs as long as any waiting call has
   * time left, and ends when the last one leaves. `landed` says whether the result is still wanted for keeping.
   */
  join(
    id: string,
    key: string,
    member: Scope,
    fly: (scope: Scope, landed: () => boolean) => Promise<unknown>,
  ): Promise<unknown>;
  has(id: string): boolean;
  /** Those who wait still get the result; who comes from now on does not, and it is not kept. */
  forget(matches: (key: string) => boolean): void;
}

/** A longer timer fires at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** Work that several callers wait for, and the scope that it has: the longest of theirs. */
class Flight implements Scope {
  readonly key: string;
  readonly signal = new StopSource();
  /** What tells each who waits. */
  readonly members = new Set<(end: End) => void>();
  endsAt = 0;

  constructor(key: string) {
    this.key = key;
  }
  readonly remainingMs = (): number => Math.max(0, this.endsAt - performance.now());
}

type End = { value: unknown } | { error: unknown };

/** Single flight: one run per id, however many ask. */
export function createFlights(name: string): Flights {
  const flights = new Map<string, Flight>();
  const drop = (id: string, flight: Flight): void => {
    if (flights.get(id) === flight) flights.delete(id);
  };
  return {
    has: (id) => flights.has(id),
    forget(matches) {
      for (const [id, { key }] of flights) if (matches(key)) flights.delete(id);
    },
    join(id, key, member, fly) {
      const known = flights.get(id);
      const flight = known ?? new Flight(key);
      flight.endsAt = Math.max(flight.endsAt, performance.now() + member.remainingMs());
      const waiting = wait(name, flight, member, (reason) => {
        drop(id, flight);
        flight.signal.abort(reason);
      });
      if (known !== undefined) return waiting;
      flights.set(id, flight);
      const end = (how: End): void => {
        drop(id, flight);
        for (const tell of flight.members) tell(how);
      };
      fly(flight, () => flights.get(id) === flight).then(
        (value) => end({ value }),
        (error: unknown) => end({ error }),
      );
      return waiting;
    },
  };
}

/** One member's wait: for the result, its own signal or its own time, whichever is first. */
function wait(name: string, flight: Flight, { signal, remainingMs }: Scope, abandon: (reason: unknown) => void) {
  const { members } = flight;
  return new Promise<unknown>((resolve, reject) => {
    const end = (how: End): void => {
      members.delete(end);
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      if ("value" in how) resolve(how.value);
      else reject(how.error);
    };
    const leave = (error: unknown): void => {
      end({ error });
      if (members.size === 0) abandon(error);
    };
    const abort = (): void => leave(signal?.reason);
    const late = (): void => leave(transient(new Error(`${name} gave no answer in time.`), { timedOut: true }));
    const ms = remainingMs();
    const timer = Number.isFinite(ms) ? setTimeout(late, Math.min(ms, MAX_TIMER_MS)) : undefined;
    signal?.addEventListener("abort", abort);
    members.add(end);
  });
}
