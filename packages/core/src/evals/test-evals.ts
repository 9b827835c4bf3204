import { type Comparison, compareWithBaseline, readEvalsLock } from "./baseline.ts";
import { type EvalResult, runEval } from "./run.ts";
import type { Eval } from "./scenario.ts";

// Loaded only where tests run: `offshoot eval` imports this entry, too.
const vitest = process.env.VITEST === undefined ? undefined : await import("vitest");

/** A minute is far more than a hundred scenarios take. */
const LIMIT_MS = 120_000;

/**
 * Registers a test for each scenario of an eval, played without a model in both eras, and one that the eval is not worse
 * than its lock. Call it at the top level of a vitest file.
 *
 * @param options `lock`: `new URL("../evals.lock.json", import.meta.url)`
 * @throws Error outside vitest
 */
export function testEval(definition: Eval, { lock }: { lock: URL | string }): void {
  if (vitest === undefined) throw new Error("testEval registers tests: call it in a file that vitest runs.");
  const { describe, test } = vitest;
  let running: Promise<EvalResult> | undefined;
  const result = () => (running ??= runEval(definition));
  describe(`eval ${definition.name}`, { timeout: LIMIT_MS }, () => {
    for (const { name, kind } of definition.scenarios)
      test(`${kind}: ${name}`, async () => {
        const { wrong = [] } = (await result()).scenarios.find((scenario) => scenario.name === name) ?? {};
        if (wrong.length > 0) red(wrong.join("\n"));
      });
    test("is not worse than in the lock", async () => {
      const found = await result();
      const locked = readEvalsLock(lock);
      const baseline = Object.hasOwn(locked, found.eval) ? locked[found.eval] : undefined;
      if (baseline === undefined)
        red(`The lock has no "${found.eval}". \`npx create-offshoot eval --update\` writes it.`);
      const { worse }: Comparison = compareWithBaseline(found, baseline, false);
      if (worse.length > 0)
        red(`${worse.join("\n")}\nIf this is meant, \`npx create-offshoot eval --update\` and commit.`);
    });
  });
}

/** Fails a test without a stack: it would show this file, and the fault is elsewhere. */
function red(message: string): never {
  const error = new Error(message);
  error.stack = message;
  throw error;
}
