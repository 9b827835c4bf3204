import { expect, test } from "vitest";
import { killAtEach } from "./kill/kill.ts";
import { operations } from "./kill/operations.ts";

// A sample: `node test/kill/run.ts` kills at every call of all of them, which takes minutes.
const sample = ["edit", "append", "move over a file", "delete a folder"];

test.each(sample)(
  "a server that is killed while it does %s, or takes it back, leaves the old or the new when it starts again",
  { timeout: 180_000 },
  async (wanted) => {
    const operation = operations.find(({ name }) => name === wanted);
    if (operation === undefined) throw new Error(`no operation is called ${wanted}`);
    for (const phase of ["operation", "undo"] as const) {
      const { points, faults } = await killAtEach(operation, phase, (point) => point % 4 === 3);
      expect(faults).toEqual([]);
      expect(points).toBeGreaterThan(0);
    }
  },
);
