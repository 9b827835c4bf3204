/** How many may be at work at once, learnt from how long the work takes. */
export interface Gradient {
  /** The limit now, a whole number. */
  readonly limit: number;
  readonly inFlight: number;
  /** Counts one in. Whether it may come in (`inFlight < limit`) is the caller's to ask first. */
  acquire(): void;
  /** Counts one out. Without a sample (it was cancelled, or never began) nothing is learnt from it. */
  release(sample?: Sample): void;
  /** Other bounds from now on. Equal ones fix the limit. */
  configure(bounds: Bounds): void;
}

/** What one piece of work tells. */
export interface Sample {
  /** How long it took, in ms. */
  rttMs: number;
  /** It ran out of time, or the other side refused it because it had no room. */
  dropped?: boolean | undefined;
  /**
   * What sort of work it was, from a small fixed set. A slow call is compared with slow calls: without this, a client
   * that turns from quick tools to slow ones would look like a server that slows down.
   *
   * @default all of one kind
   */
  kind?: string | undefined;
}

export interface Bounds {
  min: number;
  max: number;
}

export interface GradientOptions {
  min?: number | undefined;
  max?: number | undefined;
  /** @default 8 */
  initial?: number | undefined;
  /** Monotonic, in ms. @default `performance.now()` */
  now?: (() => number) | undefined;
}

/** What the limit depends on. */
export interface GradientState {
  /** Not rounded: a whole number could never grow by less than one. */
  readonly limit: number;
  /** The usual time of each kind of work, in ms, and how many windows have shaped it. */
  readonly usual: ReadonlyMap<string, { readonly ms: number; readonly windows: number }>;
}

/** What was seen in one stretch of time. */
export interface SampleWindow {
  /** The most that were at work at once. */
  inFlight: number;
  /** Whether any was dropped. */
  dropped: boolean;
  /** Samples and the sum of their times in ms, by kind. */
  kinds: Map<string, { count: number; sumMs: number }>;
}

/** Slower than usual by less than this factor is not queueing [Gradient2: rttTolerance]. */
const TOLERANCE = 1.5;
/**
 * Nor is slower by less than this many ms: CoDel's target, the standing delay that is no queue [RFC 8289, 4.4]. The
 * factor alone would throttle a server whose tools take a tenth of a millisecond each time the garbage collector runs.
 */
const TOLERANCE_MS = 5;
/** How far a limit goes towards where it should be, each window [Gradient2]. */
const SMOOTHING = 0.2;
/** Windows over which the usual time is averaged, and those that count in full while it is new [Gradient2]. */
const LONG_WINDOW = 600;
const WARM_UP = 10;
const WINDOW_MS = 100;
const WINDOW_SAMPLES = 10;

/**
 * One step of Gradient2 [Netflix concurrency-limits]: down as far as the work is slower than usual, up by the root of
 * the limit when it is not. A limit that is not half used says nothing, and stays.
 */
export function step(state: GradientState, window: SampleWindow, { min, max }: Bounds): GradientState {
  const usual = new Map(state.usual);
  let samples = 0;
  let shortMs = 0;
  let longMs = 0;
  for (const [kind, { count, sumMs }] of window.kinds) {
    const long = average(usual.get(kind), sumMs / count);
    usual.set(kind, long);
    samples += count;
    shortMs += sumMs;
    longMs += long.ms * count;
  }
  const bounded = (limit: number) => Math.min(max, Math.max(min, limit));
  if (samples === 0 || window.inFlight < state.limit / 2) return { limit: bounded(state.limit), usual };
  const usualMs = TOLERANCE * (longMs / samples) + TOLERANCE_MS;
  const gradient = window.dropped ? 0.5 : Math.min(1, Math.max(0.5, usualMs / (shortMs / samples)));
  const next = state.limit * gradient + Math.sqrt(state.limit);
  return { limit: bounded(state.limit * (1 - SMOOTHING) + next * SMOOTHING), usual };
}

function average(long: { ms: number; windows: number } | undefined, shortMs: number): { ms: number; windows: number } {
  const { ms, windows } = long ?? { ms: 0, windows: 0 };
  const share = windows < WARM_UP ? 1 / (windows + 1) : 2 / (LONG_WINDOW + 1);
  const averaged = ms + (shortMs - ms) * share;
  // After a long slow period the average would take minutes to fall, and everything would look quick until then.
  return { ms: averaged > 2 * shortMs ? averaged * 0.95 : averaged, windows: windows + 1 };
}

/** Feeds {@link step} with windows of at least 100 ms and 10 samples. */
export function createGradient({
  initial = 8,
  min = 2,
  max = 64,
  now = () => performance.now(),
}: GradientOptions = {}): Gradient {
  let bounds = { min, max };
  let state: GradientState = { limit: Math.min(max, Math.max(min, initial)), usual: new Map() };
  let limit = Math.floor(state.limit);
  let inFlight = 0;
  let window: SampleWindow = { inFlight: 0, dropped: false, kinds: new Map() };
  let samples = 0;
  let openedAt = 0;
  return {
    get limit() {
      return limit;
    },
    get inFlight() {
      return inFlight;
    },
    acquire() {
      inFlight += 1;
      if (inFlight > window.inFlight) window.inFlight = inFlight;
    },
    release(sample) {
      inFlight -= 1;
      if (sample === undefined) return;
      const { rttMs, dropped = false, kind = "" } = sample;
      if (samples === 0) openedAt = now();
      samples += 1;
      const seen = window.kinds.get(kind);
      if (seen === undefined) window.kinds.set(kind, { count: 1, sumMs: rttMs });
      else {
        seen.count += 1;
        seen.sumMs += rttMs;
      }
      window.dropped ||= dropped;
      if (samples < WINDOW_SAMPLES || now() - openedAt < WINDOW_MS) return;
      state = step(state, window, bounds);
      limit = Math.floor(state.limit);
      window = { inFlight, dropped: false, kinds: new Map() };
      samples = 0;
    },
    configure(next) {
      bounds = next;
      state = { ...state, limit: Math.min(next.max, Math.max(next.min, state.limit)) };
      limit = Math.floor(state.limit);
    },
  };
}
