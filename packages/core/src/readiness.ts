import type { Log } from "./telemetry/log.ts";

/** How often a server without a prober looks for itself, in ms. */
const EVERY_MS = 5_000;

export interface Readiness {
  /** Why the server should be sent no work now; undefined where all is well. */
  problem(): Promise<string | undefined>;
  close(): void;
}

/** Asks the domain whether it can work, and says in the log when that changes. */
export function createReadiness(
  problem: (() => string | undefined | Promise<string | undefined>) | undefined,
  log: Log,
): Readiness {
  if (problem === undefined) return { problem: async () => undefined, close: () => {} };
  let known: string | undefined;
  const look = async (): Promise<string | undefined> => {
    let now: string | undefined;
    try {
      now = await problem();
    } catch (error) {
      now = error instanceof Error ? error.message : String(error);
    }
    if (now !== known) {
      if (now === undefined) log.info({}, "the server can work again");
      else log.error({ alert: "not ready", problem: now }, "the server cannot do its work");
    }
    known = now;
    return now;
  };
  const timer = setInterval(() => void look(), EVERY_MS).unref();
  return { problem: look, close: () => clearInterval(timer) };
}
