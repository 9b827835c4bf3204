import { Refused } from "../failure.ts";
import type { Scope } from "../scope.ts";
import { createGradient, type Sample } from "./gradient.ts";

/** How much is asked of a dependency at once. */
export interface LimitOptions {
  /** Attempts at once to begin with, and the bounds between which the limit moves. @default 8, 2 and 64 */
  initial?: number | undefined;
  min?: number | undefined;
  max?: number | undefined;
  /** Attempts that may wait for a place; one more is refused at once. @default 64 */
  maxWaiting?: number | undefined;
  /** The longest an attempt waits for a place, in ms. @default 1 000 */
  maxWaitMs?: number | undefined;
}

export interface Slots {
  readonly limit: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** Takes a place, at once where there is one. @throws Refused, or the signal's reason */
  enter(scope: Scope): Promise<void> | undefined;
  /** Gives the place back. Without a sample, nothing is learnt. */
  leave(sample?: Sample): void;
}

/** The adaptive limit with a bounded first-in, first-out queue before it. Who leaves the queue never runs. */
export function createSlots(name: string, { maxWaiting = 64, maxWaitMs = 1_000, ...bounds }: LimitOptions = {}): Slots {
  const gradient = createGradient(bounds);
  const queue = new Set<() => void>();
  const refused = (why: string) => new Refused(`${name} has no place: ${why}.`, maxWaitMs);
  return {
    get limit() {
      return gradient.limit;
    },
    get inFlight() {
      return gradient.inFlight;
    },
    get waiting() {
      return queue.size;
    },
    enter({ signal, remainingMs }) {
      if (queue.size === 0 && gradient.inFlight < gradient.limit) {
        gradient.acquire();
        return undefined;
      }
      if (queue.size >= maxWaiting) throw refused(`${gradient.inFlight} run and ${queue.size} wait`);
      const waitMs = Math.min(maxWaitMs, remainingMs());
      return new Promise<void>((resolve, reject) => {
        const end = (settle: () => void) => () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", abort);
          queue.delete(start);
          settle();
        };
        const start = end(() => {
          gradient.acquire();
          resolve();
        });
        const abort = end(() => reject(signal?.reason));
        const timer = setTimeout(
          end(() => reject(refused(`none came free in ${Math.round(waitMs)} ms`))),
          waitMs,
        );
        queue.add(start);
        signal?.addEventListener("abort", abort);
      });
    },
    leave(sample) {
      gradient.release(sample);
      for (const start of queue) {
        if (gradient.inFlight >= gradient.limit) return;
        start();
      }
    },
  };
}
