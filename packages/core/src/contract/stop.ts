/**
 * The part of an `AbortSignal` that core uses itself. A signal is one; a `StopSource` costs a small part of one to
 * make and to listen to, which is ten µs.
 */
export interface Stop {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Where a call has its {@link Stop}, beside a `signal` that is made only when a handler asks for it. */
export const stopOf: unique symbol = Symbol.for("offshoot.stop") as never;

/** A {@link Stop}, for the one who aborts it. */
export class StopSource implements Stop {
  aborted = false;
  reason: unknown;
  #listeners: (() => void)[] | undefined;

  addEventListener(_type: "abort", listener: () => void): void {
    this.#listeners ??= [];
    this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    const at = this.#listeners?.indexOf(listener) ?? -1;
    if (at >= 0) this.#listeners?.splice(at, 1);
  }

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    // One at a time: a listener may remove others.
    for (let next = this.#listeners?.shift(); next !== undefined; next = this.#listeners?.shift()) next();
  }
}
