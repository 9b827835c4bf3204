import type { App } from "../app.ts";
import type { Outcome } from "../call/output/map-error.ts";
import { lockedContract } from "./locked-contract.ts";

/** A call as the page shows it: the log's line without the client. No argument and no answer. */
export interface LiveCall {
  at: number;
  method: string;
  name: string;
  outcome: Outcome;
  ms: number;
  caller: string;
  correlationId: string;
}

/** Calls that are kept for a page that opens, or was slow. */
const KEPT = 200;
/** Names of others, as long as a page has room for. */
const MAX_NAME = 128;
/** Windows of the burn rate, in minutes. */
const WINDOWS = [5, 60, 360] as const;
/** Entries of one list. */
const LISTED = 200;

export type LiveState = ReturnType<typeof createLiveState>;

/** What the page shows, read off what the server knows of itself anyway. */
export function createLiveState(app: App) {
  const calls: LiveCall[] = [];
  const { definition, gate, account } = app;
  let count = 0;
  account.onCall((call, outcome, ms) => {
    count += 1;
    calls.push({
      at: Date.now(),
      method: call.method,
      name: call.name.slice(0, MAX_NAME),
      outcome,
      ms: Math.round(ms * 100) / 100,
      caller: call.caller.id.slice(0, MAX_NAME),
      correlationId: call.correlationId,
    });
    if (calls.length > KEPT * 2) calls.splice(0, calls.length - KEPT);
  });
  const startedAt = Date.now();
  return {
    /** What does not change while the server runs. */
    about: () => ({ ...app.info, startedAt, identity: { ...app.identity }, contract: lockedContract(definition) }),
    now: () => ({
      calls: count,
      gate: gate.snapshot(),
      latency: Object.entries(account.latency())
        .sort(([, one], [, other]) => other.calls - one.calls)
        .slice(0, LISTED),
      slo: { burn: WINDOWS.map((minutes) => [minutes, account.slo.burnRate(minutes)]), firing: account.slo.firing },
      dependencies: [...definition.dependencies.values()].map((dependency) => {
        const { breaker, forced, inFlight, waiting, calls, failures, refused } = dependency.snapshot();
        return { name: dependency.name, breaker, forced, inFlight, waiting, calls, failures, refused };
      }),
      subscriptions: app.changes.subscriptions().slice(0, LISTED),
      refused: Object.fromEntries(account.protocolErrors),
      profile: app.access?.label,
    }),
    /** The calls after the `seen`th, the latest of them where they are many. */
    callsSince(seen: number) {
      const fresh = Math.min(count - seen, calls.length, KEPT);
      return { calls: fresh === 0 ? [] : calls.slice(-fresh), skipped: count - seen - fresh, last: count };
    },
    close: () => account.onCall(undefined),
  };
}
