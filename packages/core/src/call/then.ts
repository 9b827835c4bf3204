/**
 * Goes on at once with a value that is there, and later with one that is awaited. An `await` on a value costs every
 * call a turn of the microtask queue and a promise; nearly all schemas are sync.
 */
export function andThen<Value, Result>(
  value: Value | Promise<Value>,
  next: (value: Value) => Result,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Also what query builders return, which is no `Promise`. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
