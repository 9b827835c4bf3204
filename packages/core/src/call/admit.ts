import type { ClientCapability } from "../contract/context.ts";
import { ErrorCode, ProtocolError } from "../contract/errors.ts";
import type { Call } from "./context.ts";

/** Room for handlers: how many run at once, and how many may wait. */
export interface Gate {
  /** Resolves when the call may run; the function it gives back frees the place. @throws ProtocolError overloaded */
  enter(call: Call): Promise<() => void> | (() => void);
  readonly running: number;
  readonly waiting: number;
}

/** Limits of a {@link Gate}. */
export interface GateOptions {
  /** Handlers that run at once. Default 32. */
  maxRunning?: number;
  /** Calls that wait for a place; one more is refused at once. Default 1 024. */
  maxWaiting?: number;
}

/**
 * Stage 3, admit: may this caller do this, and is there room?
 *
 * @throws ProtocolError -32003 naming every scope that is needed. A caller without scopes is unrestricted: nothing
 * authenticates on stdio.
 */
export function checkScopes(required: readonly string[] | undefined, call: Call): void {
  const { scopes } = call.caller;
  if (required === undefined || scopes === undefined || required.every((scope) => scopes.includes(scope))) return;
  throw new ProtocolError(ErrorCode.forbidden, `${call.name} needs the scopes ${required.join(" ")}.`, {
    required: [...required],
  });
}

/**
 * Stage 3 again: has the client declared what this needs of it?
 *
 * @throws ProtocolError -32021 naming what is missing, as the specification shapes it
 */
export function checkCapabilities(required: readonly ClientCapability[] = [], call: Call): void {
  const missing = required.filter((capability) => !call.wire.asks[capability]);
  if (missing.length === 0) return;
  const requiredCapabilities = Object.fromEntries(missing.map((capability) => [capability, {}]));
  throw new ProtocolError(
    ErrorCode.missingCapability,
    `${call.name} needs a client with the capabilities ${missing.join(" ")}.`,
    { requiredCapabilities },
  );
}

/** A fixed limit with a bounded first-in, first-out queue. Cancelled calls leave the queue without running. */
export function createGate({ maxRunning = 32, maxWaiting = 1_024 }: GateOptions = {}): Gate {
  let running = 0;
  const queue = new Set<() => void>();
  const leave = (): (() => void) => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      running -= 1;
      const next = queue.values().next();
      if (!next.done) next.value();
    };
  };
  return {
    enter(call) {
      if (running < maxRunning && queue.size === 0) {
        running += 1;
        return leave();
      }
      if (queue.size >= maxWaiting) {
        throw new ProtocolError(
          ErrorCode.overloaded,
          `Overloaded: ${running} calls run and ${queue.size} wait. Try again later.`,
          {
            reason: "overloaded",
            retryAfterMs: 1_000,
          },
        );
      }
      return new Promise((resolve, reject) => {
        const start = (): void => {
          queue.delete(start);
          call.wire.signal.removeEventListener("abort", cancel);
          running += 1;
          resolve(leave());
        };
        const cancel = (): void => {
          queue.delete(start);
          reject(call.wire.signal.reason);
        };
        queue.add(start);
        call.wire.signal.addEventListener("abort", cancel, { once: true });
      });
    },
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
  };
}
