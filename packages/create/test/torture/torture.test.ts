import { expect, test } from "vitest";
import { torture } from "./torture.ts";

// The long form, a hundred forks: `node packages/create/test/torture/run.ts`.
test("forks of every kind go through three releases: nothing is lost, nothing breaks in silence, no conflict without need", {
  timeout: 600_000,
}, async () => {
  const sums = await torture({ forks: 4, seed: 7 });
  expect(sums).toMatchObject({
    updates: 12,
    unexplained: [],
    lostUserLines: [],
    lostUserFiles: [],
    returned: [],
    lostUpstreamLines: [],
    silentBreaks: [],
    falseAlarms: [],
  });
  expect(sums.clean + sums.withConflicts).toBe(12);
});
