import type { Limits } from "../admission/limits.ts";
import { type App, createApp } from "../app.ts";
import { quietWire, type WireRequest } from "../call/wire.ts";
import { ErrorCode, isProtocolError } from "../contract/errors.ts";
import type { ServerDefinition } from "../contract/server.ts";
import type { Tool } from "../contract/tool.ts";
import { createLog } from "../telemetry/log.ts";
import type { Check, DrillLine } from "./drill.ts";
import { percentile } from "./load.ts";

/** What became of a call. */
export interface Outcome {
  /** The tool, or the method. */
  name: string;
  /** When it was to be sent, in ms since the start: a client that was held up is not quicker for it. */
  at: number;
  tookMs: number;
  end: "answered" | "failed" | "refused" | "open";
  // biome-ignore lint/suspicious/noExplicitAny: a result of any method
  result?: any;
}

/** One of the servers of a drill: all of the call path, without the wire before it. */
export interface Arm {
  readonly app: App;
  readonly outcomes: Outcome[];
  /** Sends a request that was due at `at`, and notes what becomes of it. */
  send(method: string, params: Record<string, unknown>, at: number, wire?: Partial<WireRequest>): Promise<Outcome>;
  /** Keeps a value every quarter of a second. */
  sample(name: string, kind: DrillLine["arm"], read: () => number): DrillLine;
  close(): void;
}

const SAMPLE_MS = 250;

/** Limits that let everything through at once: the control arm of what they are for. */
export const NO_GATE: Partial<Limits> = { initialRunning: 1e6, minRunning: 1e6, maxRunning: 1e6 };

export function openArm(server: ServerDefinition, startedAt: number, limits: Partial<Limits> = {}): Arm {
  const app = createApp(server, { log: createLog("silent", { write() {} }), limits });
  const outcomes: Outcome[] = [];
  const timers: NodeJS.Timeout[] = [];
  return {
    app,
    outcomes,
    async send(method, params, at, wire) {
      const outcome: Outcome = { name: String(params.name ?? method), at, tookMs: 0, end: "open" };
      outcomes.push(outcome);
      try {
        const answer = await app.methods.get(method)?.(params, requestOf(wire));
        outcome.result = answer;
        outcome.end = (answer as { isError?: boolean | undefined } | undefined)?.isError ? "failed" : "answered";
      } catch (error) {
        outcome.end = isProtocolError(error) && error.code === ErrorCode.overloaded ? "refused" : "failed";
      }
      outcome.tookMs = performance.now() - startedAt - at;
      return outcome;
    },
    sample(name, kind, read) {
      const line: DrillLine = { name, arm: kind, points: [] };
      const look = () => void line.points.push([(performance.now() - startedAt) / 1_000, read()]);
      look();
      timers.push(setInterval(look, SAMPLE_MS));
      return line;
    },
    close() {
      for (const timer of timers) clearInterval(timer);
      app.close();
    },
  };
}

const requestOf = (wire: Partial<WireRequest> = {}): WireRequest =>
  quietWire({ client: { name: "drill", version: "1.0.0" }, ...wire });

/** The server with another tool in place of one of its own, or beside them. */
export const withTool = (server: ServerDefinition, tool: Tool): ServerDefinition => ({
  ...server,
  tools: new Map([...server.tools, [tool.name, tool]]),
});

/** A call that a drill makes over and over. */
export interface DrillCall {
  tool: string;
  input?: Record<string, unknown> | undefined;
}

/** The server with something that its tool waits for before it does its work. */
export function behind(server: ServerDefinition, { tool: name }: DrillCall, around: () => Promise<void>) {
  const tool = server.tools.get(name);
  if (tool === undefined)
    throw new Error(`${server.name} has no tool "${name}". It has: ${[...server.tools.keys()].join(", ")}.`);
  const handler = (input: never, call: never) => around().then(() => tool.handler(input, call));
  return withTool(server, { ...tool, handler } as Tool);
}

/** How long calls took that were due in these seconds. One that is still open has taken until now. */
export function latencies(outcomes: readonly Outcome[], from: number, to: number, nowMs: number): number[] {
  return outcomes
    .filter(({ at, end }) => at >= from * 1_000 && at < to * 1_000 && (end === "answered" || end === "open"))
    .map(({ at, tookMs, end }) => (end === "open" ? nowMs - at : tookMs));
}

/**
 * How late the samples came, as a share of the time between them: this process had no turn, and proves nothing then.
 */
export function latenessOf({ points }: DrillLine): Check {
  const gaps = points.slice(1).map(([at], index) => (at - (points[index] as [number, number])[0]) * 1_000);
  return {
    means: "How late this process was, of a quarter of a second",
    unit: "%",
    value: percentile(gaps, 0.95) / SAMPLE_MS - 1,
    most: 0.2,
  };
}

/** A percentile of each half second, by when calls were due. */
export function latencyLine(
  name: string,
  arm: DrillLine["arm"],
  outcomes: readonly Outcome[],
  share: number,
  nowMs: number,
): DrillLine {
  const points: [number, number][] = [];
  for (let from = 0; from * 1_000 < nowMs; from += 0.5) {
    const values = latencies(outcomes, from, from + 0.5, nowMs);
    if (values.length > 0) points.push([from + 0.25, percentile(values, share)]);
  }
  return { name, arm, points };
}
