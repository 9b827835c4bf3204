import { type App, createApp } from "../../src/app.ts";
import { quietWire, type WireRequest } from "../../src/call/wire.ts";
import { createRandom } from "../../src/drills/load.ts";
import { defineServer, type ServerDefinition, type Tool } from "../../src/index.ts";
import { openRollouts } from "../../src/rollout/open.ts";
import { createLog } from "../../src/telemetry/log.ts";

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A server whose candidate is tried, in virtual time, with forty callers at a steady rate. */
export function openWorld(tool: Tool, keep?: (event: object) => void) {
  const log: Record<string, unknown>[] = [];
  const server: ServerDefinition = defineServer({ name: "tried", version: "1.0.0", tools: [tool] });
  const app: App = createApp(server, { log: createLog("info", { write: (line) => log.push(JSON.parse(line)) }) });
  const events: {
    name?: string | undefined;
    before: unknown;
    after: unknown;
    by: string;
    reason?: string | undefined;
  }[] = [];
  if (keep !== undefined) app.control.keep((all) => all.forEach(keep));
  app.control.listen((event) => events.push(event));
  app.rollouts = openRollouts(app);
  app.rollouts.begin();
  const call = app.methods.get("tools/call") as NonNullable<ReturnType<App["methods"]["get"]>>;
  const send = (input: object = {}, wire: Partial<WireRequest> = {}) =>
    call({ name: tool.name, arguments: input }, quietWire({ transport: "tcp", ...wire })) as Promise<{
      isError?: boolean;
      structuredContent: Record<string, unknown>;
    }>;
  const as = (caller: number) => ({ caller: { id: `caller-${caller}`, method: "key" as const } });
  return {
    app,
    log,
    events,
    send,
    as,
    stages: () => events.map(({ after }) => after as { stage: string; share: number; failedGates: number }),
    snapshot: () => app.rollouts?.snapshot()[0],
    /** Every caller calls at random, about this often a second in all. */
    async traffic(seconds: number, perSecond = 20, callers = 40, seed = 1): Promise<void> {
      const random = createRandom(seed);
      const until = performance.now() + seconds * 1_000;
      while (performance.now() < until) {
        await wait((1_000 / perSecond) * (0.5 + random()));
        void send({}, as(Math.floor(random() * callers))).catch(() => {});
      }
    },
  };
}
