import type { GateValues } from "../contract/candidate.ts";
import type { Samples } from "./samples.ts";
import { leastDifference, mannWhitney, percentileInterval, wilson } from "./statistics.ts";

/** What a gate found: too little to say, nothing that is worse with confidence, or what is. */
export interface Judgement {
  verdict: "wait" | "pass" | "fail";
  reason: string;
}

/** Latencies below count as this, in ms: no client can tell, and a machine's noise is a large share of them. */
const FLOOR_MS = 1;

/**
 * Compares a candidate with the handler that served others in the same minutes: shares of errors and refusals by the
 * difference of two binomial shares, the usual latency by Mann–Whitney, the slow calls by intervals of the 95th
 * percentile.
 *
 * Passing means that nothing is worse than the gates allow, with their confidence. Too few calls never pass, and those
 * that clients cancelled are not among them.
 */
export function judge(baseline: Samples, candidate: Samples, gates: GateValues): Judgement {
  const { minCalls, confidence } = gates;
  const [begun, beside] = [candidate, baseline].map(({ calls, cancelled }) => calls + cancelled) as [number, number];
  // One cancelled call says nothing of a handler. That clients give up more often on one of two says that it hangs.
  if (
    Math.min(begun, beside) >= minCalls &&
    leastDifference([candidate.cancelled, begun], [baseline.cancelled, beside], confidence) > gates.errors
  )
    return {
      verdict: "fail",
      reason: `cancelled by clients ${percent(baseline.cancelled / beside)} → ${percent(candidate.cancelled / begun)}`,
    };
  const few = [baseline, candidate].map(({ calls }) => calls);
  if (few.some((calls) => calls < minCalls))
    return {
      verdict: "wait",
      reason: `${few[1]} calls of the candidate and ${few[0]} beside it; ${minCalls} of each are needed`,
    };
  const worse: string[] = [];
  for (const kind of ["errors", "refusals"] as const) {
    const [now, before] = [candidate[kind], baseline[kind]];
    const least = leastDifference([now, candidate.calls], [before, baseline.calls], confidence);
    if (least > gates[kind])
      worse.push(`${kind} ${percent(before / baseline.calls)} → ${percent(now / candidate.calls)}`);
  }
  const [fast, slow] = [floorLatencies(baseline), floorLatencies(candidate)];
  const scaled = slow.map((ms) => ms / gates.p50);
  if (mannWhitney(scaled, fast) < 1 - confidence)
    worse.push(`p50 ${quantileText(fast, 0.5)} → ${quantileText(slow, 0.5)}, more than ×${gates.p50}`);
  const [, highest] = percentileInterval(fast, 0.95, confidence);
  const [lowest] = percentileInterval(slow, 0.95, confidence);
  if (lowest > highest * gates.p95)
    worse.push(`p95 ${quantileText(fast, 0.95)} → ${quantileText(slow, 0.95)}, more than ×${gates.p95}`);
  return worse.length === 0
    ? { verdict: "pass", reason: `nothing is worse, of ${few[1]} calls beside ${few[0]}` }
    : { verdict: "fail", reason: worse.join("; ") };
}

/** Compared answers of the shadow. */
export interface Compared {
  pairs: number;
  different: number;
  /** The first that differed, for the log. */
  example?: string | undefined;
}

/** {@link judge} for a candidate that runs in the shadow. */
export function judgeShadow({ pairs, different, example }: Compared, gates: GateValues): Judgement {
  const { minCalls, confidence, differences } = gates;
  if (pairs < minCalls) return { verdict: "wait", reason: `${pairs} answers were compared; ${minCalls} are needed` };
  const seen = `${different} of ${pairs} answers differ`;
  const [least] = wilson(different, pairs, confidence);
  return least > differences && different > 0
    ? { verdict: "fail", reason: example === undefined ? seen : `${seen}: ${example}` }
    : { verdict: "pass", reason: seen };
}

const floorLatencies = ({ latencies }: Samples): number[] => latencies.map((ms) => Math.max(ms, FLOOR_MS));
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
function quantileText(values: readonly number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return `${(sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(1)} ms`;
}
