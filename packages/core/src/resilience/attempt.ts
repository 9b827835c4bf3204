import { type Stop, StopSource } from "../contract/stop.ts";
import { transient } from "./failure.ts";

/** What an attempt is given. */
export interface Attempt {
  /** Aborted when the attempt's time is over or nobody waits for it any more. Pass it on to what you call. */
  readonly signal: AbortSignal;
  /** The same, for code that only listens: no `AbortSignal` is made, which takes longer than the rest of an attempt. */
  readonly stop: Stop;
  /** 1 for the first, 2 for the first retry. */
  readonly attempt: number;
  /** The time this attempt has, in ms. */
  readonly timeoutMs: number;
}

class RunningAttempt implements Attempt {
  readonly attempt: number;
  readonly timeoutMs: number;
  readonly stop = new StopSource();
  #controller: AbortController | undefined;

  constructor(attempt: number, timeoutMs: number) {
    this.attempt = attempt;
    this.timeoutMs = timeoutMs;
  }

  get signal(): AbortSignal {
    const { stop } = this;
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      if (stop.aborted) controller.abort(stop.reason);
      else stop.addEventListener("abort", () => controller.abort(stop.reason));
    }
    return this.#controller.signal;
  }
}

/** Runs one attempt under its own deadline, and leaves it behind when it does not heed its signal. */
export function runAttempt<Value>(
  name: string,
  work: (attempt: Attempt) => Promise<Value> | Value,
  { signal: outer, attempt, timeoutMs }: { signal: Stop | undefined; attempt: number; timeoutMs: number },
): Promise<Value> {
  return new Promise<Value>((resolve, reject) => {
    if (outer?.aborted) return reject(outer.reason);
    const running = new RunningAttempt(attempt, timeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      outer?.removeEventListener("abort", abort);
    };
    const failed = (error: unknown): void => {
      end();
      reject(error);
    };
    const cut = (reason: unknown): void => {
      // Rejects first: otherwise the error that the work throws on abort would hide the reason.
      failed(reason);
      running.stop.abort(reason);
    };
    const abort = (): void => cut(outer?.reason);
    const timer = setTimeout(
      () => cut(transient(new Error(`${name} gave no answer within ${Math.round(timeoutMs)} ms.`), { timedOut: true })),
      timeoutMs,
    );
    outer?.addEventListener("abort", abort);
    try {
      Promise.resolve(work(running)).then((value) => {
        end();
        resolve(value);
      }, failed);
    } catch (error) {
      failed(error);
    }
  });
}
