import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** How long a tool's calls took since the server started, in ms. */
export interface LatencyOf {
  calls: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** Ten minutes in µs: what takes longer counts as that. Two digits keep a histogram at 24 kB. */
const OPTIONS = { lowest: 1, highest: 600_000_000, figures: 2 } as const;

/** Latencies by tool, each in a histogram that comes into being with the tool's first call. */
export function createLatency() {
  const tools = new Map<string, RecordableHistogram>();
  return {
    record(tool: string, ms: number): void {
      let histogram = tools.get(tool);
      if (histogram === undefined) {
        histogram = createHistogram(OPTIONS);
        tools.set(tool, histogram);
      }
      histogram.record(Math.min(Math.max(1, Math.round(ms * 1_000)), OPTIONS.highest));
    },
    snapshot(): Record<string, LatencyOf> {
      const ms = (us: number): number => us / 1_000;
      return Object.fromEntries(
        [...tools].map(([tool, histogram]) => [
          tool,
          {
            calls: histogram.count,
            p50: ms(histogram.percentile(50)),
            p95: ms(histogram.percentile(95)),
            p99: ms(histogram.percentile(99)),
            max: ms(histogram.max),
          },
        ]),
      );
    },
  };
}
