// What docs/roll-out-a-change.md shows of a candidate: the records of the audit, in virtual time.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import { inVirtualTime } from "../../src/drills/clock.ts";
import { createRandom } from "../../src/drills/load.ts";
import { defineTool } from "../../src/index.ts";
import { openWorld, wait } from "../rollout/world.ts";

const random = createRandom(9);
const taking = (ms: number) => async () => {
  await wait(ms * (0.5 + random()));
  return { rate: 1.1 };
};

const getRate = (candidateMs: number) =>
  defineTool({
    name: "get_rate",
    title: "Get a rate",
    description: "The rate of a currency to the euro.",
    inputSchema: z.object({}),
    outputSchema: z.object({ rate: z.number().describe("Units for one euro") }),
    annotations: { readOnlyHint: true },
    handler: taking(20),
    candidate: {
      handler: taking(candidateMs),
      steps: [1, 5, 25, 50, 100],
      every: "1m",
      gates: { minCalls: 20 },
    },
  });

test.each([
  ["promoted", 20],
  ["rolled-back", 26],
] as const)("a candidate that is %s leaves the records that the page shows", (name, candidateMs) =>
  inVirtualTime(async () => {
    const world = openWorld(getRate(candidateMs));
    await world.traffic(310, 40, 400);
    const lines = world.events.map(({ after, reason = "the server began" }) => {
      const { stage, share } = after as { stage: string; share: number };
      return `${stage.padEnd(12)}${String(share).padStart(3)} %  ${reason}\n`;
    });
    world.app.close();
    await expect(lines.join("")).toMatchFileSnapshot(fileURLToPath(new URL(`roll-out/${name}.txt`, import.meta.url)));
  }),
);
