import type { Call } from "./call.ts";
import { Stopped } from "./stopped.ts";

/** Those whose promise was not there at once, this turn. */
let begun: Settling<unknown>[] = [];

/**
 * Waits for the handler's promise, the deadline or the client's cancellation, whichever is first.
 *
 * @param until the deadline, monotonic, in ms
 * @param graceMs how long work that was done all the same may still say so after the deadline, when it was told to stop
 */
export function settle<Value>(call: Call, work: PromiseLike<Value>, until: number, graceMs = 0): Promise<Value> {
  return new Promise((resolve, reject) => {
    const settling = new Settling<Value>(call, until, graceMs, resolve, reject);
    work.then(settling.done, settling.failed);
  });
}

/** A wait that has not ended. A class, and not closures: there is one for each call. */
class Settling<Value> {
  readonly #call: Call;
  readonly #until: number;
  readonly #graceMs: number;
  readonly #resolve: (value: Value) => void;
  readonly #reject: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #late: Stopped | undefined;
  #ended = false;

  constructor(
    call: Call,
    until: number,
    graceMs: number,
    resolve: (value: Value) => void,
    reject: (error: unknown) => void,
  ) {
    this.#call = call;
    this.#until = until;
    this.#graceMs = graceMs;
    this.#resolve = resolve;
    this.#reject = reject;
    const { wire } = call;
    if (wire.onCancel === undefined) wire.signal.addEventListener("abort", this);
    else wire.onCancel(this);
    // Most handlers are done within the turn that they began in, and need no timer.
    if (begun.push(this as Settling<unknown>) === 1) setImmediate(armAll);
  }

  readonly done = (value: Value): void => {
    this.#end();
    this.#resolve(value);
  };
  readonly failed = (error: unknown): void => {
    this.#end();
    this.#reject(this.#late ?? error);
  };
  arm(): void {
    if (!this.#ended) this.#timer = setTimeout(expire, leftUntil(this.#until), this);
  }
  cancel(): void {
    this.#stop(new Stopped("cancelled", "The client cancelled the call."));
  }
  /** What an `AbortSignal` calls. */
  handleEvent(): void {
    this.cancel();
  }
  /** Its time is over; the second time, its grace. */
  expire(): void {
    const stopped =
      this.#late ?? new Stopped("deadline", `No result within ${Math.ceil(this.#until - this.#call.beganAt)} ms.`);
    if (this.#late !== undefined || this.#graceMs === 0) {
      this.#stop(stopped);
      return;
    }
    this.#late = stopped;
    this.#timer = setTimeout(expire, this.#graceMs, this);
    this.#call.stop(stopped);
  }
  #stop(stopped: Stopped): void {
    this.#end();
    this.#call.stop(stopped);
    this.#reject(stopped);
  }
  #end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    const { wire } = this.#call;
    if (wire.onCancel === undefined) wire.signal.removeEventListener("abort", this);
    else wire.onCancel(undefined);
  }
}

const expire = (settling: { expire(): void }): void => settling.expire();

/** Whole ms: Node keeps timers of one length together, and most calls get the same. */
const leftUntil = (until: number): number => Math.max(1, Math.ceil(until - performance.now()));

function armAll(): void {
  const now = begun;
  begun = [];
  for (const settling of now) settling.arm();
}
