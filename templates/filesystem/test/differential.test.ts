// A client of the official server must find here what it found there, but for that one's faults.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cases } from "./differential/cases.ts";
import { compare } from "./differential/compare.ts";
import { type Bench, type Side, startBench } from "./differential/servers.ts";

describe("the official server and this one", () => {
  let benches: Record<Side, Bench>;
  beforeAll(async () => {
    benches = { official: await startBench("official"), ours: await startBench("ours") };
  });
  afterAll(async () => {
    for (const bench of Object.values(benches ?? {})) await bench.close();
  });

  // Named pipes are made by a command that Windows does not have.
  const here = cases.filter(
    ({ files = {} }) => process.platform !== "win32" || !JSON.stringify(files).includes('"pipe"'),
  );
  test.each(here.map((one, index) => [one.name, one, index] as const))("%s", async (_name, one, index) => {
    const { detail } = await compare(one, benches, index);
    expect(detail).toBeUndefined();
  });
});
