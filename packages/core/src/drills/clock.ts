/**
 * What a drill's time is: `virtual` runs as fast as the machine can and is the same each time; `real` is the wall's.
 */
export type DrillTime = "virtual" | "real";

interface Timer {
  at: number;
  order: number;
  /** Set for an interval. */
  everyMs: number | undefined;
  fire: (() => void) | undefined;
}

/** Turns of the event loop after each timer: promises, ticks and immediates of the server have their turn in them. */
const TURNS = 2;
/** Time for what is outside of virtual time and was not foreseen, a lazy import say, in real ms. */
const PATIENCE_MS = 2_000;
/** The same each time, down to the last bit of a fraction. */
const START_MS = 1_000;
/** No drill is longer, in virtual ms. Work that never ends would go on for ever otherwise. */
const HORIZON_MS = 600_000;

/**
 * Runs `work` with a clock of its own: `setTimeout`, `setInterval`, `performance.now` and `Date.now` of the whole
 * process are virtual until it ends, and time goes on when nothing is left to do. How busy the machine is changes
 * nothing.
 *
 * Only for work that waits by timers and promises. What waits for a socket or a disk would see hours pass meanwhile.
 *
 * @throws Error when it waits for something that is no timer
 */
export async function inVirtualTime<Result>(work: () => Promise<Result>): Promise<Result> {
  const real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    now: performance.now.bind(performance),
    dateNow: Date.now,
  };
  const wallOffset = real.dateNow() - START_MS;
  let now = START_MS;
  let made = 0;
  /** The next one last. */
  const timers: Timer[] = [];
  const insert = (timer: Timer): void => {
    let low = 0;
    let high = timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = timers[middle] as Timer;
      if (other.at > timer.at || (other.at === timer.at && other.order > timer.order)) low = middle + 1;
      else high = middle;
    }
    timers.splice(low, 0, timer);
  };
  const make = (fire: () => void, ms: unknown, repeats: boolean): object => {
    const delayMs = Math.max(1, Number(ms) || 0);
    const timer: Timer = { at: now + delayMs, order: made++, everyMs: repeats ? delayMs : undefined, fire };
    insert(timer);
    const handle = {
      timer,
      ref: () => handle,
      unref: () => handle,
      hasRef: () => true,
      [Symbol.dispose]: () => clear(handle),
    };
    return handle;
  };
  const clear = (handle: unknown): void => {
    const timer = (handle as { timer?: Timer | undefined } | undefined)?.timer;
    if (timer !== undefined) timer.fire = undefined;
    // Made before the drill began.
    else if (handle !== undefined && handle !== null) real.clearTimeout(handle as NodeJS.Timeout);
  };
  type Callback = (...args: unknown[]) => void;
  Object.assign(globalThis, {
    setTimeout: (callback: Callback, ms?: number, ...args: unknown[]) => make(() => callback(...args), ms, false),
    setInterval: (callback: Callback, ms?: number, ...args: unknown[]) => make(() => callback(...args), ms, true),
    clearTimeout: clear,
    clearInterval: clear,
  });
  performance.now = () => now;
  Date.now = () => Math.floor(now) + wallOffset;

  const web = holdForWebCrypto();
  try {
    let ended = false;
    const result = work().finally(() => {
      ended = true;
    });
    // Looked at below, and not unhandled until then.
    result.catch(() => {});
    let idleSince: number | undefined;
    for (;;) {
      do {
        for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      } while (web.pending > 0);
      if (ended) return await result;
      const timer = timers.pop();
      if (timer === undefined) {
        idleSince ??= real.now();
        if (real.now() - idleSince > PATIENCE_MS) throw new Error(STUCK);
        await new Promise((resolve) => real.setTimeout(resolve, 5));
        continue;
      }
      idleSince = undefined;
      const { fire, everyMs } = timer;
      if (fire === undefined) continue;
      now = Math.max(now, timer.at);
      if (now - START_MS > HORIZON_MS) throw new Error(STUCK);
      if (everyMs !== undefined) {
        timer.at = now + everyMs;
        insert(timer);
      }
      fire();
    }
  } finally {
    web.restore();
    Object.assign(globalThis, {
      setTimeout: real.setTimeout,
      clearTimeout: real.clearTimeout,
      setInterval: real.setInterval,
      clearInterval: real.clearInterval,
    });
    // The method of the prototype shows again.
    Reflect.deleteProperty(performance, "now");
    Date.now = real.dateNow;
  }
}

/** WebCrypto works on threads of its own: time stands still until it is done, or a signature would take hours. */
function holdForWebCrypto() {
  const subtle = globalThis.crypto.subtle as unknown as Record<string, unknown>;
  const names = ["sign", "verify", "digest", "generateKey", "importKey", "exportKey"];
  const hold = {
    pending: 0,
    restore() {
      // The methods of the prototype show again.
      for (const name of names) Reflect.deleteProperty(subtle, name);
    },
  };
  for (const name of names) {
    const method = subtle[name] as (...args: unknown[]) => Promise<unknown>;
    subtle[name] = (...args: unknown[]) => {
      hold.pending += 1;
      return method.apply(subtle, args).finally(() => {
        hold.pending -= 1;
      });
    };
  }
  return hold;
}

const STUCK =
  "The drill waits for something that is no timer, and virtual time has none of that. Run it in real time instead.";
