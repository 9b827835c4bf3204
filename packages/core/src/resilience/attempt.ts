import { transient } from "./failure.ts";

/** What an attempt is given. */
export interface Attempt {
  /** Aborted when the attempt's time is over or nobody waits for it any more. Pass it on to what you call. */
  signal: AbortSignal;
  /** 1 for the first, 2 for the first retry. */
  attempt: number;
  /** The time this attempt has, in ms. */
  timeoutMs: number;
}

/** Runs one attempt under its own deadline, and leaves it behind when it does not heed its signal. */
export function runAttempt<Value>(
  name: string,
  work: (attempt: Attempt) => Promise<Value> | Value,
  { signal: outer, attempt, timeoutMs }: { signal: AbortSignal | undefined; attempt: number; timeoutMs: number },
): Promise<Value> {
  const controller = new AbortController();
  return new Promise<Value>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      outer?.removeEventListener("abort", abort);
    };
    const cut = (reason: unknown): void => {
      end();
      // Rejects first: otherwise the error that the work throws on abort would hide the reason.
      reject(reason);
      controller.abort(reason);
    };
    const abort = (): void => cut(outer?.reason);
    const timer = setTimeout(
      () => cut(transient(new Error(`${name} gave no answer within ${Math.round(timeoutMs)} ms.`), { timedOut: true })),
      timeoutMs,
    );
    if (outer?.aborted) return abort();
    outer?.addEventListener("abort", abort);
    // `then` and not `await`: a sync throw is handled like a rejection.
    new Promise<Value>((go) => go(work({ signal: controller.signal, attempt, timeoutMs }))).then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}
