import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Limits } from "../admission/limits.ts";
import type { App } from "../app.ts";
import type { Mode } from "../contract/jobs.ts";
import type { ServerDefinition } from "../contract/server.ts";
import { defineTool, type Lane } from "../contract/tool.ts";
import { type Arm, behind, type DrillCall, latencies, latencyLine, NO_GATE, openArm, withTool } from "./arm.ts";
import { type DrillOptions, type DrillPhase, type DrillResult, type Findings, runDrill } from "./drill.ts";
import { arrivals, createRandom, openLoop, percentile, until } from "./load.ts";
import { createResource } from "./resource.ts";
import { agreement, auditedModes, keepAudit } from "./transitions.ts";

/** What {@link backlogDrill} takes beside the server. */
export interface BacklogOptions extends DrillOptions {
  /** A read that a client waits for. The server must answer it without side effects. */
  call: DrillCall;
  /** The limits you serve with. @default the server's defaults */
  limits?: Partial<Limits> | undefined;
  /** @internal For tests of the drill itself: how the protected arm keeps account. */
  keep?: ((app: App, file: string) => () => void) | undefined;
}

/** Background work takes five times as long as a foreground call, of the same eight places. */
const SERVERS = 8;
const CORE_MS = 40;
const BACKGROUND_MS = 200;
const TIMES = { backlog: 4, surge: 14, over: 22, end: 38 };
const PHASES: DrillPhase[] = [
  { from: 0, to: 4, label: "calm" },
  { from: 4, to: 14, label: "a backlog", trouble: true },
  { from: 14, to: 22, label: "and a spike", trouble: true },
  { from: 22, to: 38, label: "over" },
];
const BACKGROUND = "drill_rebuild";

/**
 * Background work that would take all there is, and then more calls than the server can do. The control arm makes no
 * difference between the two. Proven: foreground calls stay quick, background work goes on as far as it can,
 * and each change of mode is in an audit that is whole.
 *
 * What stands behind the tools is simulated, the background tool is the drill's own; server, gate and audit are real.
 *
 * @example await backlogDrill(notesServer(notes), { call: { tool: "list_notes" } });
 */
export function backlogDrill(server: ServerDefinition, options: BacklogOptions): Promise<DrillResult> {
  return runDrill("backlog", options, async (seed) => {
    const folder = mkdtempSync(join(tmpdir(), "drill-"));
    try {
      return await scenario(server, options, seed, join(folder, "audit.jsonl"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

async function scenario(
  server: ServerDefinition,
  { call, limits, keep = keepAudit }: BacklogOptions,
  seed: number,
  file: string,
): Promise<Findings> {
  const startedAt = performance.now();
  const open = (lane: Lane, given?: Partial<Limits>) => {
    const resource = createResource(SERVERS);
    const random = createRandom(seed + 1);
    const around = () => resource.use(CORE_MS * (0.5 + random()));
    const rebuild = () => resource.use(BACKGROUND_MS * (0.5 + random()));
    const arm = openArm(withTool(behind(server, call, around), backgroundTool(lane, rebuild)), startedAt, given);
    return { resource, arm };
  };
  const [guarded, naive] = [open("background", limits), open("foreground", NO_GATE)];
  const close = keep(guarded.arm.app, file);
  const modes: Mode[] = [];
  guarded.arm.app.gate.onMode((mode) => modes.push(mode));
  const mode = guarded.arm.sample("mode", "protected", () => MODES.indexOf(guarded.arm.app.gate.mode));
  const waiting = [guarded, naive].map(({ arm, resource }, index) =>
    arm.sample(
      NAMES[index] as string,
      index === 0 ? "protected" : "control",
      () => arm.app.gate.waiting + resource.waiting,
    ),
  );
  const running = guarded.arm.sample(
    "background work at once",
    "protected",
    () => guarded.arm.app.gate.snapshot().lanes.background.running,
  );

  const coreAt = arrivals(
    [
      { from: 0, to: TIMES.surge, perSecond: 100 },
      { from: TIMES.surge, to: TIMES.over, perSecond: 280 },
      { from: TIMES.over, to: TIMES.end, perSecond: 100 },
    ],
    createRandom(seed),
  );
  const backgroundAt = arrivals(
    [
      { from: TIMES.backlog, to: TIMES.over, perSecond: 40 },
      { from: TIMES.over, to: TIMES.end, perSecond: 5 },
    ],
    createRandom(seed + 2),
  );
  const core = { name: call.tool, arguments: call.input ?? {} };
  const background = { name: BACKGROUND, arguments: {} };
  await Promise.all([
    openLoop(coreAt, startedAt, (index) => {
      for (const { arm } of [guarded, naive]) void arm.send("tools/call", core, coreAt[index] as number);
    }),
    openLoop(backgroundAt, startedAt, (index) => {
      for (const { arm } of [guarded, naive]) void arm.send("tools/call", background, backgroundAt[index] as number);
    }),
  ]);
  await until(startedAt, TIMES.end * 1_000);
  const nowMs = performance.now() - startedAt;
  for (const { arm } of [guarded, naive]) arm.close();
  close();

  const audited = auditedModes(file);
  const within = (arm: Arm, tool: string, from: number, to: number) =>
    latencies(
      arm.outcomes.filter(({ name }) => name === tool),
      from,
      to,
      nowMs,
    );
  const coreP95 = (arm: Arm, from: number, to: number) => percentile(within(arm, call.tool, from, to), 0.95);
  const done = (arm: Arm, name: string) =>
    arm.outcomes.filter((one) => one.name === name && one.end === "answered" && one.at < TIMES.over * 1_000).length;
  const p95 = {
    guarded: coreP95(guarded.arm, TIMES.backlog, TIMES.over),
    naive: coreP95(naive.arm, TIMES.backlog, TIMES.over),
  };
  const coreLine = (index: 0 | 1) => {
    const { arm } = [guarded, naive][index] as typeof guarded;
    const some = arm.outcomes.filter(({ name }) => name === call.tool);
    return latencyLine(NAMES[index], index === 0 ? "protected" : "control", some, 0.95, nowMs);
  };
  return {
    story:
      "Background work that takes all there is piles up, then calls come that are more than the server can do. Without lanes and degradation everyone stands in one line.",
    protected: {
      coreP95Ratio: {
        means: "95th percentile of foreground calls, with lanes : without",
        unit: "×",
        value: p95.guarded / p95.naive,
        most: 0.25,
      },
      backgroundDone: { means: "Background work done meanwhile", value: done(guarded.arm, BACKGROUND), least: 1 },
      transitions: { means: "Changes of mode", value: modes.length, least: 2 },
      auditedOfTransitions: {
        means: "Those that are in the audit, in their order, of all",
        unit: "%",
        value: agreement(modes, audited),
        least: 1,
        most: 1,
      },
      normalAtTheEnd: {
        means: "The server is normal again at the end (1: yes)",
        value: guarded.arm.app.gate.mode === "normal" ? 1 : 0,
        least: 1,
      },
      foregroundDone: { means: "Foreground calls answered", value: done(guarded.arm, call.tool) },
    },
    control: {
      coreP95ToIdle: {
        means: "95th percentile without lanes : before the backlog",
        unit: "×",
        value: p95.naive / coreP95(naive.arm, 0, TIMES.backlog),
        least: 4,
      },
      backgroundDone: { means: "Background work done without lanes", value: done(naive.arm, BACKGROUND) },
    },
    idle: {
      coreP95ToService: {
        means: "95th percentile before the backlog : the time that the work takes",
        unit: "×",
        value: coreP95(naive.arm, 0, TIMES.backlog) / CORE_MS,
        most: 3,
      },
    },
    charts: [
      {
        title: "How long foreground calls took (95th percentile)",
        unit: "ms",
        logarithmic: true,
        phases: PHASES,
        lines: [coreLine(0), coreLine(1)],
      },
      {
        title: "The mode: 0 normal, 1 degraded, 2 foreground-only",
        unit: "",
        steps: true,
        phases: PHASES,
        lines: [mode],
      },
      { title: "Background work at once", unit: "calls", phases: PHASES, lines: [running] },
      {
        title: "Calls that wait",
        unit: "calls",
        logarithmic: true,
        phases: PHASES,
        lines: waiting,
      },
    ],
  };
}

const NAMES = ["lanes and degradation", "neither"] as const;
const MODES: readonly Mode[] = ["normal", "degraded", "foreground-only"];

const backgroundTool = (lane: Lane, work: () => Promise<void>) =>
  defineTool({
    name: BACKGROUND,
    title: "Rebuild",
    description: "Stands for work that can wait.",
    inputSchema: z.object({}),
    outputSchema: z.object({ done: z.boolean().describe("Always") }),
    lane,
    handler: async () => {
      await work();
      return { done: true };
    },
  });
