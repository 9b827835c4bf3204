import { isDeepStrictEqual } from "node:util";
import type { Gate } from "../admission/gate.ts";
import type { Call } from "../call/call.ts";
import type { Outcome } from "../call/output/map-error.ts";
import type { Rollouts } from "../call/rollouts.ts";
import { isThenable } from "../call/then.ts";
import type { ServerDefinition } from "../contract/server.ts";
import type { Tool } from "../contract/tool.ts";
import type { ControlEvents } from "../control/events.ts";
import type { Log } from "../telemetry/log.ts";
import { createRollout, type Order, type Rollout } from "./rollout.ts";
import { type Came, failureOf, runInShadow } from "./shadow.ts";

/** The part of an app that has rollouts. */
export interface RolledOut {
  readonly definition: Pick<ServerDefinition, "tools">;
  readonly log: Log;
  readonly gate: Gate & { readonly limits: { timeoutMs: number } };
  readonly control: ControlEvents;
}

/**
 * Tries the candidates of a server's tools. What one process sees decides there alone: instances need nothing of each
 * other, and may stand at different steps.
 */
export function openRollouts(app: RolledOut): Rollouts {
  const rollouts = new Map<string, Rollout>();
  for (const { name, candidate } of app.definition.tools.values())
    if (candidate !== undefined)
      rollouts.set(name, createRollout(name, candidate, { emit: app.control.emit, log: app.log }));
  const timers: NodeJS.Timeout[] = [];
  return {
    run(tool, input, call) {
      const rollout = rollouts.get(tool.name) as Rollout;
      const mine = rollout.takes(call);
      if (mine) call.trial = trialOf(rollout, true, call);
      if (mine) return rollout.candidate.handler(input, call);
      if (!rollout.shadows) {
        call.trial = trialOf(rollout, false, call);
        return tool.handler(input, call);
      }
      return follow(tool, input, call, rollout);
    },
    begin() {
      for (const rollout of rollouts.values()) {
        rollout.begin();
        timers.push(setInterval(() => rollout.gate(), rollout.candidate.everyMs).unref());
      }
    },
    order(orders, by) {
      for (const [name, rollout] of rollouts) rollout.order((orders.get(name) as Order | undefined) ?? "auto", by);
    },
    snapshot: () => [...rollouts.values()].map((rollout) => rollout.snapshot()),
    close() {
      for (const timer of timers) clearInterval(timer);
    },
  };

  /** Runs the handler, and when the call is over the candidate on the same input. */
  function follow(tool: Tool, given: unknown, call: Call, rollout: Rollout): unknown {
    const input = copyOf(given);
    let came: Came | undefined;
    call.trial = {
      end(outcome) {
        // A candidate in the shadow has nobody to ask.
        const asked = Object.keys(call.answers).length > 0;
        if (came === undefined || asked || (outcome !== "ok" && outcome !== "tool_error")) return;
        const timeoutMs = tool.timeoutMs ?? app.gate.limits.timeoutMs;
        void runInShadow(tool, input, call, came, { ...app, timeoutMs }).then((different) => {
          if (different !== undefined) rollout.compared(different === "" ? undefined : different);
        });
      },
    };
    const answered = (value: unknown): unknown => {
      came = { value };
      return value;
    };
    const refused = (error: unknown): never => {
      came = failureOf(error);
      throw error;
    };
    try {
      const value = tool.handler(given, call);
      return isThenable(value) ? value.then(answered, refused) : answered(value);
    } catch (error) {
      return refused(error);
    }
  }
}

/** Handlers may do what they like with their input. What cannot be copied, or loses its methods by it, is shared. */
function copyOf(given: unknown): unknown {
  try {
    const copy = structuredClone(given);
    return isDeepStrictEqual(copy, given) ? copy : given;
  } catch {
    return given;
  }
}

const trialOf = (rollout: Rollout, mine: boolean, call: Call) => ({
  end: (outcome: string) => rollout.ended(mine, outcome as Outcome, performance.now() - call.beganAt),
});
