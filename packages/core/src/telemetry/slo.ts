import { runbook, type Scenario } from "./runbooks.ts";
import { createWindows } from "./windows.ts";

/** Why a call counts against the objective. A tool's own error is its answer, and a bad request the client's. */
export type BadKind = "internal_error" | "overloaded" | "deadline_exceeded" | "slow";

/** What {@link createSlo} takes. */
export interface SloOptions {
  /** Share of calls that must go well. @default 0.995 */
  objective?: number | undefined;
  /** Bad calls in the longer window below which nothing is alerted: one error at night wakes nobody. @default 10 */
  minimumBad?: number | undefined;
}

/** The error budget is being spent too fast, or is so no longer. */
export interface Alert {
  state: "firing" | "cleared";
  /** `page`: look now. `ticket`: look this week. */
  severity: "page" | "ticket";
  /** How many times faster than the objective allows the budget went, in the longer window. */
  burnRate: number;
  /** The two windows, in minutes. */
  windows: readonly [long: number, short: number];
  /** Calls in the longer window. */
  total: number;
  bad: number;
  /** What most of the bad calls of the shorter window were. */
  cause: BadKind;
  /** The page that says what to do, from the root of the project. */
  runbook: string;
}

/** A service level objective and what is left of its error budget. */
export interface Slo {
  /** Counts one call: `undefined` went well. `at` is in ms of a monotonic clock. */
  record(kind: BadKind | undefined, at: number): void;
  /** Looks at the alerts when no call comes, so that they clear. */
  check(at: number): void;
  /** How many times faster than allowed the budget was spent in the last `minutes` (up to three days): 1 is just so. */
  burnRate(minutes: number): number;
  /** Alerts that fire now. */
  readonly firing: readonly Alert[];
}

/** Windows and rates of the SRE Workbook, "Alerting on SLOs", table 5-8. Of two pages the first that holds. */
const RULES = [
  { severity: "page", rate: 14.4, windows: [60, 5] },
  { severity: "page", rate: 6, windows: [360, 30] },
  { severity: "ticket", rate: 1, windows: [4_320, 360] },
] as const;
type Rule = (typeof RULES)[number];

const KINDS = ["internal_error", "overloaded", "deadline_exceeded", "slow"] as const;

const SCENARIOS: Record<BadKind, Scenario> = {
  overloaded: "spike",
  deadline_exceeded: "slow-dependency",
  slow: "slow-dependency",
  // A handler that worked yesterday fails because what it is given has changed.
  internal_error: "incompatible-payloads",
};

/**
 * Multi-window burn-rate alerts: the longer window says that enough of the budget is gone to matter, the shorter that
 * it is still going. Pure: time comes with each call. Memory is about 200 kB, whatever the load.
 *
 * @param onAlert hears of each alert once when it begins and once when it ends
 */
export function createSlo(
  { objective = 0.995, minimumBad = 10 }: SloOptions = {},
  onAlert: (alert: Alert) => void = () => {},
): Slo {
  const windows = createWindows(["total", "bad", ...KINDS], 4_320);
  const firing = new Map<Alert["severity"], Alert>();
  const burnRate = (minutes: number): number => {
    const total = windows.sum("total", minutes);
    // Rounded: 1 − 0.995 is not quite 0.005, and a rule must hold at exactly its rate.
    return total === 0 ? 0 : Math.round((windows.sum("bad", minutes) / total / (1 - objective)) * 1e6) / 1e6;
  };
  const holds = ({ rate, windows: [long, short] }: Rule): boolean =>
    windows.sum("bad", long) >= minimumBad && burnRate(long) >= rate && burnRate(short) >= rate;
  const alertOf = ({ severity, windows: both }: Rule): Alert => {
    const [long, short] = both;
    const cause = [...KINDS].sort((a, b) => windows.sum(b, short) - windows.sum(a, short))[0] as BadKind;
    return {
      state: "firing",
      severity,
      burnRate: burnRate(long),
      windows: both,
      total: windows.sum("total", long),
      bad: windows.sum("bad", long),
      cause,
      runbook: runbook(SCENARIOS[cause]),
    };
  };
  const evaluate = (): void => {
    for (const severity of ["page", "ticket"] as const) {
      const rule = RULES.find((one) => one.severity === severity && holds(one));
      const before = firing.get(severity);
      if (before !== undefined && rule === undefined) {
        firing.delete(severity);
        onAlert({ ...before, state: "cleared" });
      }
      // While a page fires, a ticket for the same budget adds nothing. When the page is over, it may be one.
      if (before !== undefined || rule === undefined || (severity === "ticket" && firing.has("page"))) continue;
      const alert = alertOf(rule);
      firing.set(severity, alert);
      onAlert(alert);
    }
  };
  return {
    record(kind, at) {
      const turned = windows.advance(at);
      windows.count("total", at);
      if (kind !== undefined) {
        windows.count("bad", at);
        windows.count(kind, at);
      }
      // Only a bad call can begin an alert, and only a new minute end one.
      if (kind !== undefined || turned) evaluate();
    },
    check(at) {
      if (windows.advance(at)) evaluate();
    },
    burnRate,
    get firing() {
      return [...firing.values()];
    },
  };
}
