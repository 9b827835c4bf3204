import { describe, expect, test } from "vitest";
import { changes, gateOn, goodRelease } from "../../src/drills/library.ts";
import { regressionDrill } from "../../src/drills/regression.ts";
import { wordModel } from "../../src/drills/word-model.ts";
import { runEval } from "../../src/evals/index.ts";

test("evals hold back what is worse, let through what is not, and without them users meet it", async () => {
  const result = await regressionDrill({ seed: 3 });
  expect(result).toMatchObject({ verdict: "pass", missed: [], measured: { caught: 1, falseAlarms: 0, wrong: 0 } });
  expect(result.control.wrong).toBeGreaterThan(0.1);
});

describe("each change of the drill", () => {
  test.each(changes.words)("$what: only a model meets it", async ({ to }) => {
    const gate = gateOn(to(goodRelease));
    expect(await runEval(gate)).toMatchObject({ passed: 7, tried: 7 });
    const { passed, tried } = await runEval(gate, { model: wordModel });
    expect(passed).toBeLessThan(tried);
  });

  test.each(changes.handler)("$what: found without a model", async ({ to }) => {
    const { passed, tried } = await runEval(gateOn(to(goodRelease)));
    expect(passed).toBeLessThan(tried);
  });
});
