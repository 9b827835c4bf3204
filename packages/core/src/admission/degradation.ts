import type { Mode } from "../contract/jobs.ts";
import type { Limits } from "./limits.ts";

const MODES: readonly Mode[] = ["normal", "degraded", "foreground-only"];

/** Looks at itself this often while there is work, in ms. */
export const LOOK_MS = 250;

/** What decides the mode. */
export interface Strain {
  /** How long calls have not found a place at once, in ms. */
  queueMs: number;
  /** How late the event loop was, in ms. */
  lagMs: number;
  /** On a monotonic clock, in ms. */
  at: number;
}

export interface DegradationState {
  readonly mode: Mode;
  /** Since when the strain asks for a mode further down, if it does. */
  readonly strainedSince?: number;
  /** Since when it asks for one further up. */
  readonly calmSince?: number;
}

/**
 * One look: a step down when two looks in a row ask for it, a step back after a while of calm. Never two at once, so
 * that one pause of the event loop, however long, changes nothing.
 */
export function look(state: DegradationState, strain: Strain, limits: Limits): DegradationState {
  const { mode, strainedSince, calmSince } = state;
  const now = MODES.indexOf(mode);
  const wanted = wantedOf(strain, limits);
  if (wanted > now) {
    if (strainedSince === undefined) return { mode, strainedSince: strain.at };
    return { mode: MODES[now + 1] as Mode };
  }
  if (wanted < now) {
    const since = calmSince ?? strain.at;
    return strain.at - since >= limits.calmMs ? { mode: MODES[now - 1] as Mode } : { mode, calmSince: since };
  }
  return { mode };
}

function wantedOf({ queueMs, lagMs }: Strain, limits: Limits): number {
  if (queueMs >= limits.foregroundOnlyQueueMs || lagMs >= limits.foregroundOnlyLagMs) return 2;
  if (queueMs >= limits.degradedQueueMs || lagMs >= limits.degradedLagMs) return 1;
  return 0;
}

/** What a {@link createMonitor} watches, and whom it tells. */
export interface Watched {
  limits(): Limits;
  /** How long calls have not found a place at once, in ms. Asked once each look, at its end. */
  queueMs(now: number): number;
  /** Whether there is work. */
  busy(): boolean;
  /** Records a change. @returns whether it could: a change that is not recorded is not made */
  mayChange(before: Mode, after: Mode, reason: string): boolean;
  changed(after: Mode): void;
  /** The event loop stood still for this long, in ms. */
  stalled(lagMs: number): void;
}

/** Looks at regular times while there is work, and never while there is none. */
export function createMonitor(watched: Watched, now: () => number = () => performance.now()) {
  let state: DegradationState = { mode: "normal" };
  let timer: NodeJS.Timeout | undefined;
  let lookedAt = 0;
  const lookNow = (): void => {
    timer = undefined;
    const at = now();
    const lagMs = Math.max(0, at - lookedAt - LOOK_MS);
    if (lagMs >= watched.limits().lagAlertMs) watched.stalled(lagMs);
    const queueMs = watched.queueMs(at);
    const strain = { at, queueMs, lagMs };
    const next = look(state, strain, watched.limits());
    const reason = `calls have queued for ${Math.round(queueMs)} ms, the event loop was ${Math.round(lagMs)} ms late`;
    const changes = next.mode !== state.mode;
    if (!changes || watched.mayChange(state.mode, next.mode, reason)) {
      state = next;
      if (changes) watched.changed(next.mode);
    }
    if (watched.busy() || state.mode !== "normal" || state.strainedSince !== undefined) wake();
  };
  const wake = (): void => {
    if (timer !== undefined) return;
    lookedAt = now();
    timer = setTimeout(lookNow, LOOK_MS);
    // It must not keep a server alive that has nothing else to do.
    timer.unref();
  };
  return {
    get mode() {
      return state.mode;
    },
    wake,
  };
}
