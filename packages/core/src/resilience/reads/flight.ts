import { transient } from "../failure.ts";
import type { Scope } from "../scope.ts";

/** Work that several callers wait for. */
interface Flight {
  key: string;
  result: Promise<unknown>;
  members: number;
  endsAt: number;
  controller: AbortController;
}

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
      const endsAt = performance.now() + member.remainingMs();
      let flight = flights.get(id);
      if (flight === undefined) {
        const controller = new AbortController();
        const begun: Flight = { key, members: 0, endsAt, controller, result: Promise.resolve() };
        flight = begun;
        flights.set(id, begun);
        const scope: Scope = {
          signal: controller.signal,
          remainingMs: () => Math.max(0, begun.endsAt - performance.now()),
        };
        begun.result = fly(scope, () => flights.get(id) === begun).finally(() => drop(id, begun));
        // Everyone may have left by the time it fails.
        begun.result.catch(() => {});
      }
      flight.members += 1;
      flight.endsAt = Math.max(flight.endsAt, endsAt);
      return wait(name, flight, member, (reason) => {
        drop(id, flight);
        flight.controller.abort(reason);
      });
    },
  };
}

/** One member's wait: for the result, its own signal or its own time, whichever is first. */
function wait(name: string, flight: Flight, { signal, remainingMs }: Scope, abandon: (reason: unknown) => void) {
  return new Promise<unknown>((resolve, reject) => {
    let here = true;
    const end = (): boolean => {
      if (!here) return false;
      here = false;
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      flight.members -= 1;
      return true;
    };
    const leave = (reason: unknown): void => {
      if (end() && flight.members === 0) abandon(reason);
      reject(reason);
    };
    const abort = (): void => leave(signal?.reason);
    const late = (): void => leave(transient(new Error(`${name} gave no answer in time.`), { timedOut: true }));
    const ms = remainingMs();
    const timer = Number.isFinite(ms) ? setTimeout(late, Math.min(ms, MAX_TIMER_MS)) : undefined;
    signal?.addEventListener("abort", abort);
    flight.result.then(
      (value) => end() && resolve(value),
      (error: unknown) => end() && reject(error),
    );
  });
}
