import type { Logger } from "../../contract/context.ts";
import type { Resource } from "../../contract/resource.ts";

/** Refreshes that run at once. One that is due when there is no room runs a little later. */
const MAX_RUNNING = 8;
const LATER_MS = 1_000;
/** Past it, in ms, Node's timers fire at once. */
const MAX_TIMER_MS = 2_147_483_647;
/** URIs that are refreshed at once. Past it, a subscriber is only notified of what `changes` emits. */
const MAX_WATCHED = 1_024;

/** Begins to look at a URI again and again; returns how to stop. */
export type Refresher = (
  resource: Resource,
  variables: Record<string, string>,
  uri: string,
  changed: () => void,
) => () => void;

/**
 * Runs the `refresh` of a resource each time its TTL has passed, while it has subscribers. A URI has one timer, set
 * again when its refresh has ended: two refreshes never overlap, and no timer keeps the process alive.
 */
export function createRefresher({ log, timeoutMs }: { log: Logger; timeoutMs: number }): Refresher {
  let watched = 0;
  let running = 0;

  async function run(
    { name, refresh, timeoutMs: limitMs = timeoutMs }: Resource,
    variables: Record<string, string>,
    uri: string,
    stopped: AbortSignal,
    changed: () => void,
  ): Promise<void> {
    running += 1;
    const late = new AbortController();
    // A refresh that ignores its signal frees its place all the same.
    const timer = setTimeout(() => {
      running -= 1;
      late.abort(new Error(`The refresh did not end within ${limitMs} ms.`));
      log.warn({ name, limitMs }, "refresh too slow");
    }, limitMs).unref();
    try {
      const another = await refresh?.(variables, { uri, signal: AbortSignal.any([stopped, late.signal]) });
      if (another === true && !stopped.aborted) changed();
    } catch (error) {
      if (!stopped.aborted && !late.signal.aborted) log.warn({ name, err: error }, "refresh failed");
    } finally {
      clearTimeout(timer);
      if (!late.signal.aborted) running -= 1;
    }
  }

  return (resource, variables, uri, changed) => {
    if (watched >= MAX_WATCHED) return () => {};
    const stop = new AbortController();
    let timer: NodeJS.Timeout;
    const arm = (ms: number): void => {
      timer = setTimeout(turn, Math.min(ms, MAX_TIMER_MS)).unref();
    };
    const turn = async (): Promise<void> => {
      if (running >= MAX_RUNNING) return arm(LATER_MS);
      await run(resource, variables, uri, stop.signal, changed);
      if (!stop.signal.aborted) arm(resource.ttlMs as number);
    };
    watched += 1;
    arm(resource.ttlMs as number);
    return () => {
      if (stop.signal.aborted) return;
      watched -= 1;
      clearTimeout(timer);
      stop.abort(new Error("The last subscriber has left."));
    };
  };
}
