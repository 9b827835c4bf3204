import { describe, expect, test } from "vitest";
import { z } from "zod";
import { inVirtualTime } from "../../src/drills/clock.ts";
import { createRandom } from "../../src/drills/load.ts";
import { type CandidateOptions, defineTool, fail } from "../../src/index.ts";
import { openWorld, wait } from "./world.ts";

const random = createRandom(9);
/** Takes about so many ms. */
const takes = (ms: number): Promise<void> => wait(ms * (0.5 + random()));

const answer = z.object({ by: z.string().describe("Which handler answered") });
type Handler = CandidateOptions<Record<string, never>, { by: string }, { by: string }>["handler"];

const tried = (candidate: Handler, more: object = {}, tool: object = {}) =>
  defineTool({
    name: "tried",
    title: "Tried",
    description: "Is tried.",
    inputSchema: z.object({}),
    outputSchema: answer,
    annotations: { readOnlyHint: true },
    handler: async () => {
      await takes(20);
      return { by: "handler" };
    },
    candidate: { handler: candidate, every: "1m", steps: [10, 50, 100], ...more },
    ...tool,
  });
const like = async () => {
  await takes(20);
  return { by: "candidate" };
};

describe("a rollout", () => {
  test("a candidate that is no worse takes over, a step at a time, each told with its reason", () =>
    inVirtualTime(async () => {
      const world = openWorld(tried(like));
      await world.traffic(310);
      expect(world.stages().map(({ stage, share }) => `${stage} ${share}`)).toEqual([
        "step 10",
        "step 50",
        "promoted 100",
      ]);
      expect(
        world.events
          .slice(1)
          .every(({ by, reason }) => by === "server" && /nothing is worse, of \d+ calls/.test(reason ?? "")),
      ).toBe(true);
      expect((await world.send({}, world.as(1))).structuredContent).toEqual({ by: "candidate" });
      world.app.close();
    }));

  test.each<[string, Handler, RegExp]>([
    [
      "is slower by a third",
      async () => {
        await takes(26);
        return { by: "candidate" };
      },
      /p50 .* → .*, more than ×1.1/,
    ],
    [
      "is slow for one call in ten",
      async () => {
        await takes(random() < 0.1 ? 200 : 19);
        return { by: "candidate" };
      },
      /p95 .* → .*, more than ×1.25/,
    ],
    [
      "breaks for one call in ten",
      async () => {
        if (random() < 0.1) throw new Error("broken");
        return like();
      },
      /errors 0.0 % → /,
    ],
    ["never ends", () => new Promise(() => {}), /errors 0.0 % → 100.0 %/],
    ["answers what the schema refuses", async () => ({ wrong: true }) as never, /errors 0.0 % → 100.0 %/],
    ["fails where it did not", async () => fail("No."), /refusals 0.0 % → 100.0 %/],
  ])("a candidate that %s is taken back after two gates, and only its share of callers met it", (_what, handler, why) =>
    inVirtualTime(async () => {
      const world = openWorld(tried(handler, {}, { timeoutMs: 500 }));
      await world.traffic(150);
      expect(world.stages().map(({ stage, share, failedGates }) => `${stage} ${share} ${failedGates}`)).toEqual([
        "step 10 0",
        "step 10 1",
        "rolled back 0 2",
      ]);
      expect(world.events[2]?.reason).toMatch(why);
      for (let caller = 0; caller < 40; caller += 1)
        expect((await world.send({}, world.as(caller))).structuredContent).toEqual({ by: "handler" });
      expect(world.app.gate.snapshot().running).toBe(0);
      world.app.close();
    }),
  );

  describe("calls that clients cancel", () => {
    /** For so many seconds, all clients give up after so many ms. */
    const givingUp = async (world: ReturnType<typeof openWorld>, seconds: number, after: number): Promise<void> => {
      const until = performance.now() + seconds * 1_000;
      for (let index = 0; performance.now() < until; index += 1) {
        const client = new AbortController();
        setTimeout(() => client.abort(), after);
        void world.send({}, { ...world.as(index % 40), signal: client.signal }).catch(() => {});
        await wait(50);
      }
    };

    test("are no calls for the gate: where nobody waits for either handler, it waits", () =>
      inVirtualTime(async () => {
        const world = openWorld(tried(() => new Promise(() => {})));
        await givingUp(world, 150, 1);
        expect(world.stages()).toHaveLength(1);
        const waits = world.log.filter(({ msg }) => msg === "the rollout waits for more calls");
        expect(waits[0]?.reason).toMatch(/^0 calls of the candidate and 0 beside it/);
        expect(world.app.gate.snapshot().running).toBe(0);
        world.app.close();
      }));

    test("more often with the candidate than beside it take it back: it hangs", () =>
      inVirtualTime(async () => {
        const world = openWorld(tried(() => new Promise(() => {})));
        await givingUp(world, 150, 5_000);
        expect(world.snapshot()).toMatchObject({ stage: "rolled back", share: 0 });
        expect(world.events[2]?.reason).toBe("cancelled by clients 0.0 % → 100.0 %");
        world.app.close();
      }));

    test("do not hide the errors of the others", () =>
      inVirtualTime(async () => {
        const world = openWorld(
          tried(async () => {
            await takes(20);
            throw new Error("broken");
          }),
        );
        const impatient = givingUp(world, 150, 1);
        await world.traffic(150);
        await impatient;
        expect(world.snapshot()).toMatchObject({ stage: "rolled back", share: 0 });
        expect(world.events[2]?.reason).toContain("errors 0.0 % → 100.0 %");
        world.app.close();
      }));
  });

  test("too few calls wait, however well they went", () =>
    inVirtualTime(async () => {
      const world = openWorld(tried(like, { steps: [1, 100] }));
      // Two callers, none of whom is among a hundredth.
      await world.traffic(250, 20, 2);
      expect(world.stages()).toHaveLength(1);
      const waits = world.log.filter(({ msg }) => msg === "the rollout waits for more calls");
      expect(waits.length).toBeGreaterThan(3);
      expect(waits[0]?.reason).toMatch(/^0 calls of the candidate and \d+ beside it; 100 of each are needed$/);
      world.app.close();
    }));

  test("the one caller of stdio stays with the handler until a person promotes the candidate", () =>
    inVirtualTime(async () => {
      const world = openWorld(tried(like));
      const by = async () => (await world.send()).structuredContent.by;
      expect(await by()).toBe("handler");
      world.app.rollouts?.order(new Map([["tried", "promote"]]), "uid 1");
      expect(await by()).toBe("candidate");
      world.app.rollouts?.order(new Map(), "uid 1");
      expect(await by()).toBe("handler");
      world.app.close();
    }));

  test("an operator holds, aborts and promotes, and what the gates had decided holds when the order ends", () =>
    inVirtualTime(async () => {
      const world = openWorld(tried(like));
      world.app.rollouts?.order(new Map([["tried", "hold"]]), "uid 1");
      await world.traffic(130);
      expect(world.snapshot()).toMatchObject({ stage: "step", order: "hold", share: 10 });
      world.app.rollouts?.order(new Map([["tried", "abort"]]), "uid 1");
      expect(world.snapshot()).toMatchObject({ order: "abort", share: 0 });
      await world.traffic(70);
      expect(world.snapshot()).toMatchObject({ stage: "step", share: 0 });
      world.app.rollouts?.order(new Map([["tried", "auto"]]), "uid 1");
      await world.traffic(300);
      expect(world.snapshot()).toMatchObject({ stage: "promoted", share: 100 });
      expect(world.events.filter(({ by }) => by === "uid 1").map(({ before, after }) => [before, after])).toEqual([
        [
          { order: "auto", share: 10 },
          { order: "hold", share: 10 },
        ],
        [
          { order: "hold", share: 10 },
          { order: "abort", share: 0 },
        ],
        [
          { order: "abort", share: 0 },
          { order: "auto", share: 10 },
        ],
      ]);
      world.app.close();
    }));

  test("while the audit cannot be written, no step is taken; a step back is", () =>
    inVirtualTime(async () => {
      let full = false;
      const keep = (event: { waits?: boolean }) => {
        if (full && event.waits !== true) throw new Error("disk full");
      };
      const well = openWorld(tried(like), keep);
      full = true;
      await well.traffic(200);
      expect(well.snapshot()).toMatchObject({ stage: "step", share: 10 });
      expect(well.log.some(({ msg }) => msg === "the rollout stays where it is")).toBe(true);
      well.app.close();
      full = false;
      const bad = openWorld(
        tried(async () => fail("No.")),
        keep,
      );
      full = true;
      await bad.traffic(200);
      expect(bad.snapshot()).toMatchObject({ stage: "rolled back", share: 0 });
      bad.app.close();
    }));
});

describe("in the shadow", () => {
  const shadowed = (candidate: Handler, more: object = {}, tool: object = {}) =>
    tried(candidate, { shadow: true, ...more }, tool);
  const same = async () => {
    await takes(20);
    return { by: "handler" };
  };

  test("both run, only the handler's answer is sent, and equal answers lead to the first step", () =>
    inVirtualTime(async () => {
      let ran = 0;
      const world = openWorld(
        shadowed(async () => {
          ran += 1;
          return same();
        }),
      );
      await world.traffic(70);
      expect(ran).toBeGreaterThan(100);
      expect(world.stages().map(({ stage, share }) => `${stage} ${share}`)).toEqual(["shadow 0", "step 10"]);
      expect(world.events[1]?.reason).toMatch(/^0 of \d+ answers differ$/);
      world.app.close();
    }));

  test("an answer that is wrong for one caller in ten is never sent, and ends the rollout", () =>
    inVirtualTime(async () => {
      const world = openWorld(
        shadowed(async (_input, call) => (call.caller.id.endsWith("7") ? { by: "wrong" } : same())),
      );
      const answers = new Set<unknown>();
      const sending = world.traffic(130);
      for (let index = 0; index < 100; index += 1) {
        await wait(1_000);
        answers.add((await world.send({}, world.as(7))).structuredContent.by);
      }
      await sending;
      expect([...answers]).toEqual(["handler"]);
      expect(world.snapshot()).toMatchObject({ stage: "rolled back", share: 0 });
      expect(world.events[2]?.reason).toMatch(/answers differ: other data in by/);
      world.app.close();
    }));

  test("what answers have that is never the same twice, `same` leaves out", () =>
    inVirtualTime(async () => {
      const world = openWorld(
        shadowed(like, { same: (one: object, other: object) => Object.keys(one).join() === Object.keys(other).join() }),
      );
      await world.traffic(70);
      expect(world.snapshot()).toMatchObject({ stage: "step", share: 10 });
      world.app.close();
    }));

  test("what is the same on the wire is no difference", () =>
    inVirtualTime(async () => {
      const outputSchema = answer.extend({
        more: z.string().optional().describe("More"),
        count: z.number().optional().describe("How many"),
      });
      const world = openWorld(
        shadowed(
          (async () => ({ count: 0, more: undefined, by: "handler" })) as never,
          {},
          {
            outputSchema,
            handler: async () => ({ by: "handler", count: -0 }),
          },
        ),
      );
      await world.traffic(70);
      expect(world.snapshot()).toMatchObject({ stage: "step" });
      world.app.close();
    }));

  test.each<[string, z.ZodType]>([
    ["cannot be copied", z.string().transform((text) => () => text)],
    ["has methods", z.string().transform((text) => new URL(`https://${text}`))],
  ])("an input that %s is answered as without a candidate, and tried", (_what, at) =>
    inVirtualTime(async () => {
      const handler = ({ at }: { at: URL | (() => string) }) => ({ by: typeof at === "function" ? at() : at.host });
      const world = openWorld(
        shadowed(handler as never, {}, { handler, inputSchema: z.object({ at: at.describe("Where") }) }),
      );
      for (let index = 0; index < 130; index += 1) {
        await wait(500);
        expect((await world.send({ at: "example.org" })).structuredContent).toEqual({ by: "example.org" });
      }
      expect(world.events[1]?.reason).toMatch(/^0 of \d+ answers differ$/);
      world.app.close();
    }),
  );

  test("a handler's answer that is a promise of another kind is compared too", () =>
    inVirtualTime(async () => {
      // biome-ignore lint/suspicious/noThenProperty: what query builders return
      const handler = () => ({ then: (done: (value: object) => void) => done({ by: "handler" }) });
      const world = openWorld(shadowed(like, {}, { handler }));
      await world.traffic(130);
      expect(world.snapshot()).toMatchObject({ stage: "rolled back" });
      world.app.close();
    }));

  test("an answer is on its way before the candidate begins", async () => {
    let began = false;
    const world = openWorld(
      shadowed(
        async () => {
          began = true;
          return { by: "handler" };
        },
        {},
        { handler: () => ({ by: "handler" }) },
      ),
    );
    const before = await world.send().then(() => began);
    while (!began) await wait(1);
    expect(before).toBe(false);
    world.app.close();
  });

  test("failures are compared by their words, and only their codes are written down", () =>
    inVirtualTime(async () => {
      const refusing = (words: string, code?: string) => async () => fail(words, code === undefined ? {} : { code });
      const world = openWorld(
        shadowed(refusing("No note of secret-two."), {}, { handler: refusing("No note of secret-one.") }),
      );
      await world.traffic(130);
      expect(world.snapshot()).toMatchObject({ stage: "rolled back" });
      expect(world.events[1]?.reason).toMatch(/answers differ: both failed, in other words$/);
      expect(JSON.stringify([world.events, world.log])).not.toContain("secret");
      world.app.close();
    }));

  test("a candidate that never ends holds no place of the calls that are answered", () =>
    inVirtualTime(async () => {
      const world = openWorld(shadowed(() => new Promise(() => {}), {}, { timeoutMs: 600_000 }));
      const started = performance.now();
      const answers = await Promise.all(
        Array.from({ length: 400 }, async (_, index) => {
          await wait(index * 25);
          return world.send({}, world.as(index % 40));
        }),
      );
      expect(answers.every(({ isError }) => isError !== true)).toBe(true);
      expect(performance.now() - started).toBeLessThan(12_000);
      expect(world.app.gate.snapshot().lanes.foreground.running).toBe(0);
      expect(world.app.gate.snapshot().refused).toMatchObject({ rate_limited: 0 });
      world.app.close();
    }));
});

test.each<[string, object, object, RegExp]>([
  ["for a tool that changes data without a key", {}, { annotations: {} }, /may change data/],
  [
    "that would change data twice",
    { shadow: true },
    { annotations: { idempotentHint: true } },
    /Only a read-only tool can/,
  ],
  ["whose steps fall", { steps: [10, 5, 100] }, {}, /rise to 100/],
  ["whose steps never reach everyone", { steps: [1, 50] }, {}, /rise to 100/],
  ["whose steps are none", { steps: 100 }, {}, /rise to 100/],
  ["with a time that is none", { every: "5 minutes" }, {}, /every must be a time/],
  ["with a time that no timer has", { every: "600h" }, {}, /every must be .* 24 days/],
  ["with a gate that is none", { gates: { p99: 2 } }, {}, /no gate "p99"/],
  ["that would pass with no calls", { gates: { minCalls: 0 } }, {}, /minCalls must be from 20/],
  ["without a handler", { handler: undefined }, {}, /has no handler/],
])("a candidate %s is refused at the definition", (_what, candidate, tool, message) => {
  expect(() => tried(like, candidate, tool)).toThrow(message);
});

test("a tool that changes data is tried where a key or its hint makes calls safe to repeat", () => {
  expect(tried(like, {}, { annotations: { idempotentHint: true } }).candidate?.steps).toEqual([10, 50, 100]);
  const keyed = {
    annotations: {},
    inputSchema: z.object({ key: z.string().optional().describe("Names the request") }),
    idempotency: { key: "key" },
  };
  expect(tried(like, { steps: undefined, every: undefined }, keyed).candidate).toMatchObject({
    steps: [1, 5, 25, 50, 100],
    everyMs: 300_000,
  });
});
