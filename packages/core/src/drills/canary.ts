import { z } from "zod";
import { quietWire } from "../call/wire.ts";
import type { CandidateOptions } from "../contract/candidate.ts";
import { defineServer } from "../contract/server.ts";
import { defineTool } from "../contract/tool.ts";
import { openRollouts } from "../rollout/open.ts";
import { isInShare } from "../rollout/share.ts";
import { type Arm, type Outcome, openArm } from "./arm.ts";
import {
  type DrillLine,
  type DrillOptions,
  type DrillPhase,
  type DrillResult,
  type Findings,
  runDrill,
} from "./drill.ts";
import { arrivals, createRandom, openLoop, until } from "./load.ts";

/** What {@link canaryDrill} takes. */
export interface CanaryOptions extends DrillOptions {
  /** @internal For tests of the drill itself: what the protected arms leave out. */
  without?: "gates" | "shadow" | undefined;
}

const CALLERS = 40;
const PER_SECOND = 60;
const SERVICE_MS = 20;
const SECONDS = 42;
const PHASES: DrillPhase[] = [
  { from: 0, to: 20, label: "a tenth of the callers", trouble: true },
  { from: 20, to: SECONDS, label: "two gates later" },
];
const PLAN = { steps: [10, 25, 50, 100], every: "10s", gates: { minCalls: 40 } };

type Answer = { of: string };
type Handler = CandidateOptions<Record<string, never>, Answer, Answer>["handler"];

/**
 * A candidate that is 1.3 times slower, one that is as good, and one that answers one caller in ten with another caller's
 * data, each at the same time as the same handler takes all calls at once. Proven: the slow one is taken back after two
 * gates and few have met it, the equal one is promoted, and no wrong answer is sent.
 *
 * What the handlers take is simulated; the call path, the shares, the gates and the shadow are real.
 */
export function canaryDrill(options: CanaryOptions = {}): Promise<DrillResult> {
  return runDrill("canary", options, (seed) => scenario(options, seed));
}

async function scenario({ without }: CanaryOptions, seed: number): Promise<Findings> {
  const random = createRandom(seed + 1);
  const takes = (factor: number) =>
    new Promise<void>((resolve) => setTimeout(resolve, SERVICE_MS * factor * (0.5 + random())));
  const right: Handler = async (_input, { caller }) => {
    await takes(1);
    return { of: caller.id };
  };
  const slow: Handler = async (_input, { caller }) => {
    await takes(1.3);
    return { of: caller.id };
  };
  const wrong: Handler = async (_input, { caller }) => {
    await takes(1);
    return { of: caller.id.endsWith("7") ? "caller-1" : caller.id };
  };
  const startedAt = performance.now();
  const gates = without === "gates" ? { errors: 1, refusals: 1, p50: 100, p95: 100, differences: 1 } : {};
  const plan = { ...PLAN, gates: { ...PLAN.gates, ...gates } };
  const open = (handler: Handler, candidate?: object): Arm => {
    const arm = openArm(serverOf(handler, candidate), startedAt);
    if (candidate !== undefined) {
      arm.app.rollouts = openRollouts(arm.app);
      arm.app.rollouts.begin();
    }
    return arm;
  };
  const tried = {
    slow: open(right, { handler: slow, ...plan }),
    equal: open(right, { handler: right, ...plan }),
    wrong: open(right, { handler: wrong, ...plan, shadow: without !== "shadow" }),
  };
  const atOnce = { slow: open(slow), wrong: open(wrong) };
  const shareOf = (arm: Arm): number => arm.app.rollouts?.snapshot()[0]?.share ?? 0;
  const shares = [
    tried.equal.sample("as good", "protected", () => shareOf(tried.equal)),
    tried.slow.sample("1.3 × slower", "between", () => shareOf(tried.slow)),
    atOnce.slow.sample("all at once", "control", () => 100),
  ];
  // Who has met the slow handler, and how often a gate has judged it.
  const met = new Set<string>();
  let gatesToRollBack = Number.NaN;
  tried.slow.app.control.listen(({ after }) => {
    const { stage, failedGates } = after as { stage: string; failedGates: number };
    if (stage === "rolled back") gatesToRollBack = failedGates;
  });
  const times = arrivals([{ from: 0, to: SECONDS, perSecond: PER_SECOND }], createRandom(seed));
  const callers = createRandom(seed + 2);
  const arms = [...Object.values(tried), ...Object.values(atOnce)];
  await openLoop(times, startedAt, (index) => {
    const id = `caller-${Math.floor(callers() * CALLERS)}`;
    const caller = { id, method: "key" as const };
    const known = { caller, wire: quietWire(), correlationId: "" };
    if (inShare(known, shareOf(tried.slow))) met.add(id);
    for (const arm of arms)
      void arm
        .send("tools/call", { name: "whoami", arguments: {} }, times[index] as number, { caller, transport: "tcp" })
        .then((outcome) => {
          outcome.name = id;
        });
  });
  await until(startedAt, SECONDS * 1_000 + 2_000);
  const promoted = shareOf(tried.equal);
  const stopped = tried.wrong.app.rollouts?.snapshot()[0]?.stage === "rolled back";
  for (const arm of arms) arm.close();
  const hurtBy = (arm: Arm): number => new Set(arm.outcomes.filter(isWrong).map(({ name }) => name)).size;
  return {
    story:
      "Three candidates for one tool: one is 1.3 times slower, one is as good, one answers a caller in ten with another's data. The control arm gives the slow and the wrong one to everyone at once.",
    protected: {
      gatesToRollBack: {
        means: "Failed gates after which the slow one is taken back",
        value: gatesToRollBack,
        least: 2,
        most: 2,
      },
      metTheSlow: {
        means: "Callers who met the slow one, of all",
        unit: "%",
        value: met.size / CALLERS,
        most: 0.3,
      },
      equalPromoted: {
        means: "Callers that the equal one answers in the end",
        unit: "%",
        value: promoted / 100,
        least: 1,
      },
      wrongAnswers: {
        means: "Wrong answers that were sent",
        value: tried.wrong.outcomes.filter(isWrong).length,
        most: 0,
      },
      wrongStopped: { means: "Wrong candidates that were taken back, of one", value: stopped ? 1 : 0, least: 1 },
      calls: { means: "Calls of each arm", value: times.length },
    },
    control: {
      metTheSlow: {
        means: "Callers who met the slow one, all at once",
        unit: "%",
        value: new Set(atOnce.slow.outcomes.map(({ name }) => name)).size / CALLERS,
        least: 1,
      },
      wrongAnswers: {
        means: "Wrong answers that were sent, all at once",
        value: atOnce.wrong.outcomes.filter(isWrong).length,
        least: 100,
      },
      wronged: { means: "Callers who got one", value: hurtBy(atOnce.wrong), least: 4 },
    },
    charts: [
      { title: "Callers that the candidate answers", unit: "%", phases: PHASES, lines: shares, steps: true },
      {
        title: "Wrong answers that were sent",
        unit: "calls",
        phases: PHASES,
        lines: [
          wrongLine("in the shadow first", "protected", tried.wrong),
          wrongLine("all at once", "control", atOnce.wrong),
        ],
      },
    ],
  };
}

const inShare = (known: Parameters<typeof isInShare>[2], share: number): boolean => isInShare("whoami", share, known);

const serverOf = (handler: Handler, candidate?: object) =>
  defineServer({
    name: "canary",
    version: "1.0.0",
    tools: [
      defineTool({
        name: "whoami",
        title: "Who am I",
        description: "Says who calls.",
        inputSchema: z.object({}),
        outputSchema: z.object({ of: z.string().describe("Id of the caller") }),
        annotations: { readOnlyHint: true },
        handler,
        ...(candidate && { candidate: candidate as CandidateOptions<Record<string, never>, Answer, Answer> }),
      }),
    ],
  });

/** A caller that is told of another. */
const isWrong = ({ name, end, result }: Outcome): boolean => end === "answered" && result.structuredContent.of !== name;

function wrongLine(name: string, kind: DrillLine["arm"], { outcomes }: Arm): DrillLine {
  const points: [number, number][] = [];
  for (let at = 0; at <= SECONDS; at += 1)
    points.push([at, outcomes.filter((one) => isWrong(one) && one.at <= at * 1_000).length]);
  return { name, arm: kind, points };
}
