import type { Outcome } from "../call/output/map-error.ts";
import type { Candidate } from "../contract/candidate.ts";
import type { ControlEvent } from "../control/events.ts";
import { type Compared, type Judgement, judge, judgeShadow } from "./gates.ts";
import { createSamples, type Samples } from "./samples.ts";
import { isInShare, type Shared } from "./share.ts";

/** What an operator wants of a rollout; `auto` leaves it to the gates. */
export const ORDERS = ["auto", "hold", "promote", "abort"] as const;
export type Order = (typeof ORDERS)[number];

/** Where a rollout stands. `shadow`: no call is answered by the candidate yet. */
export type Stage = "shadow" | "step" | "promoted" | "rolled back";

export interface RolloutSnapshot {
  tool: string;
  stage: Stage;
  order: Order;
  /** Of callers, in percent. */
  share: number;
  /** Gates in a row that failed. */
  failedGates: number;
}

/** Two gates in a row: one alone may be chance. */
const FAILED_GATES = 2;

/** The course of one candidate, in one process: what another instance sees is nothing to it. */
export interface Rollout {
  readonly candidate: Candidate;
  /** Whether the candidate answers this call. */
  takes(call: Shared): boolean;
  /** Whether a call that the handler answered is to be tried in the shadow. */
  readonly shadows: boolean;
  ended(candidate: boolean, outcome: Outcome, ms: number): void;
  compared(different: string | undefined): void;
  /** Judges what was seen since the last time. */
  gate(): void;
  order(order: Order, by: string): void;
  /** Says that it begins. */
  begin(): void;
  snapshot(): RolloutSnapshot;
}

export interface RolloutReports {
  emit(event: ControlEvent): void;
  readonly log: { info(fields: object, message: string): void; error(fields: object, message: string): void };
}

export function createRollout(tool: string, candidate: Candidate, { emit, log }: RolloutReports): Rollout {
  const { steps, gates } = candidate;
  let at = candidate.shadow ? -1 : 0;
  let rolledBack = false;
  let order: Order = "auto";
  let failed = 0;
  let waited: string | undefined;
  let seen: Record<"baseline" | "candidate", Samples>;
  let pairs: Compared;
  const forget = (): void => {
    seen = { baseline: createSamples(), candidate: createSamples() };
    pairs = { pairs: 0, different: 0 };
  };
  forget();

  const stage = (): Stage =>
    rolledBack ? "rolled back" : at < 0 ? "shadow" : (steps[at] as number) >= 100 ? "promoted" : "step";
  const share = (): number => {
    if (order === "promote") return 100;
    return order === "abort" || rolledBack || at < 0 ? 0 : (steps[at] as number);
  };
  const state = () => ({ stage: stage(), share: share(), failedGates: failed });
  /** Tells of a change before it happens. A step that cannot be kept in the audit is not taken; a step back is. */
  const change = (make: () => void, reason: string, waits: boolean): void => {
    const [before, was] = [state(), { at, rolledBack, failed }];
    make();
    const after = state();
    ({ at, rolledBack, failed } = was);
    try {
      emit({ what: "rollout", name: tool, before, after, by: "server", reason, waits });
    } catch (error) {
      log.error({ name: tool, err: error }, "the rollout stays where it is");
      return;
    }
    make();
    forget();
  };

  const decide = ({ verdict, reason }: Judgement): void => {
    if (verdict === "wait") {
      if (reason !== waited) log.info({ name: tool, ...state(), reason }, "the rollout waits for more calls");
      waited = reason;
    } else if (verdict === "fail" && failed + 1 >= FAILED_GATES)
      change(
        () => {
          rolledBack = true;
          failed = FAILED_GATES;
        },
        reason,
        true,
      );
    else if (verdict === "fail")
      change(
        () => {
          failed += 1;
        },
        reason,
        true,
      );
    else if (order === "hold") {
      failed = 0;
      log.info({ name: tool, ...state(), reason }, "the rollout is held");
      forget();
    } else
      change(
        () => {
          at += 1;
          failed = 0;
        },
        reason,
        false,
      );
  };

  return {
    candidate,
    takes: (call) => isInShare(tool, share(), call),
    get shadows() {
      return stage() === "shadow" && share() === 0 && order !== "abort";
    },
    ended: (mine, outcome, ms) => seen[mine ? "candidate" : "baseline"].add(outcome, ms),
    compared(different) {
      pairs.pairs += 1;
      if (different === undefined) return;
      pairs.different += 1;
      pairs.example ??= different;
    },
    gate() {
      // One side alone is nothing to compare.
      if (order === "promote" || order === "abort" || rolledBack || stage() === "promoted") return forget();
      decide(at < 0 ? judgeShadow(pairs, gates) : judge(seen.baseline, seen.candidate, gates));
    },
    order(wanted, by) {
      if (wanted === order) return;
      const before = { order, share: share() };
      const was = order;
      order = wanted;
      const after = { order, share: share() };
      order = was;
      emit({ what: "rollout", name: tool, before, after, by });
      order = wanted;
      forget();
    },
    begin: () => emit({ what: "rollout", name: tool, before: null, after: state(), by: "server" }),
    snapshot: () => ({ tool, ...state(), order }),
  };
}
