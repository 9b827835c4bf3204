import type { Outcome } from "../call/output/map-error.ts";

/** Latencies kept of each side: of more, as many are drawn at random. Sorting them must not hold up a server. */
const MAX_KEPT = 5_000;

/** What was seen of one side since the last gate. */
export interface Samples {
  /** Calls that ended. */
  readonly calls: number;
  /** Calls that failed inside, or out of time. */
  readonly errors: number;
  /** Calls that ended in an expected failure. */
  readonly refusals: number;
  /** Beside `calls`: those whose client did not wait. What they would have come to, nobody knows. */
  readonly cancelled: number;
  /** In ms. */
  readonly latencies: readonly number[];
  add(outcome: Outcome, ms: number): void;
}

export function createSamples(random: () => number = Math.random): Samples {
  const latencies: number[] = [];
  const samples = {
    calls: 0,
    errors: 0,
    refusals: 0,
    cancelled: 0,
    latencies,
    add(outcome: Outcome, ms: number) {
      // A question to the user is not the end of a call.
      if (outcome === "input_required") return;
      if (outcome === "cancelled") {
        samples.cancelled += 1;
        return;
      }
      samples.calls += 1;
      if (outcome === "internal_error" || outcome === "deadline_exceeded") samples.errors += 1;
      if (outcome === "tool_error" || outcome === "refused") samples.refusals += 1;
      const at = latencies.length < MAX_KEPT ? latencies.length : Math.floor(random() * samples.calls);
      if (at < MAX_KEPT) latencies[at] = ms;
    },
  };
  return samples;
}
